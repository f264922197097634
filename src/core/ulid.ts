const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Fills the array with random bytes, as `crypto.getRandomValues` does. */
export type RandomBytes = (into: Uint8Array) => unknown;

/** The 26 characters of a ULID: 48 bits of milliseconds, then 80 bits, in Crockford's base 32. */
function format(ms: number, random: Uint8Array): string {
  let text = '';
  for (let left = ms, i = 0; i < 10; i++, left = Math.floor(left / 32)) text = DIGITS[left % 32] + text;
  let bits = 0;
  let held = 0;
  for (const byte of random) {
    held = ((held << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += DIGITS[(held >> (bits - 5)) & 31];
  }
  return text;
}

/**
 * A maker of ULIDs (https://github.com/ulid/spec) that sort in the order they were made, also within one millisecond and
 * when the clock steps back: the time part never falls, and the random part counts up where the time stands still.
 * @param now milliseconds since 1970
 */
export function ulids(now: () => number, random: RandomBytes): () => string {
  let last = -1;
  const bytes = new Uint8Array(10);
  return () => {
    const ms = Math.floor(now());
    if (ms > last) {
      last = ms;
      random(bytes);
      return format(last, bytes);
    }
    let i = bytes.length - 1;
    while (i >= 0 && bytes[i] === 255) bytes[i--] = 0;
    if (i >= 0) bytes[i] += 1;
    else {
      last++;
      random(bytes);
    }
    return format(last, bytes);
  };
}
