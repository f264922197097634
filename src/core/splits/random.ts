/**
 * Seeded numbers for splitting and sampling: integer arithmetic only, so that every platform draws the same.
 */

/** A stream of numbers in [0, 1). */
export interface Random {
  /** the next number in [0, 1), 32 bits of it */
  next(): number;
  /** an integer in [0, n); n up to 2^53 */
  below(n: number): number;
}

/** A 32-bit hash of a string's UTF-16 units (FNV-1a, then MurmurHash3's finaliser to spread the low bits). */
export function hash32(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * A generator for a seed and a purpose: two purposes of one seed give unrelated streams, so that adding a draw in one
 * place moves nothing in another. (sfc32, by Chris Doty-Humphrey.)
 */
export function seeded(seed: number, purpose: string): Random {
  let a = hash32(`${seed}`);
  let b = hash32(purpose);
  let c = hash32(`${purpose} ${seed}`);
  let d = 1;
  const bits = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) bits();
  return {
    next: () => bits() / 2 ** 32,
    below: n => {
      if (n <= 2 ** 32) return Math.floor((bits() / 2 ** 32) * n);
      // 53 bits: 21 high ones and 32 low ones
      return Math.floor((((bits() >>> 11) * 2 ** 32 + bits()) / 2 ** 53) * n);
    },
  };
}

/** A copy in a random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const out = items.slice();
  for (let i = out.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

/** `count` distinct integers of [0, total), ascending; all of them when there are no more (Floyd's method). */
export function sampleIndices(total: number, count: number, random: Random): number[] {
  if (count >= total) return Array.from({ length: total }, (_, i) => i);
  const taken = new Set<number>();
  for (let j = total - count; j < total; j++) {
    const t = random.below(j + 1);
    taken.add(taken.has(t) ? j : t);
  }
  return [...taken].sort((x, y) => x - y);
}
