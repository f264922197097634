import { mix32, Random as Stream } from '../../core/random';

/** A stream of random numbers for one purpose: seed, step, picture, each part makes it another. */
export class Random extends Stream {
  constructor(...parts: number[]) {
    super(parts.reduce((hash, part) => mix32(hash ^ mix32(part)), 0x2545f491));
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  chance(p: number): boolean {
    return this.next() < p;
  }

  /** `n` different entries, in random order; all of them where there are fewer. */
  sample<T>(list: readonly T[], n: number): T[] {
    return this.shuffle([...list]).slice(0, n);
  }
}
