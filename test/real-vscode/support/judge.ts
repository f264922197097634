import type { TripletVerdict } from '../../../src/core/types';

/**
 * A person with a firm opinion of what every image is: mostly what its folder says, now and then not. All that it says of
 * any pairs fits together, so no answer contradicts another.
 */
export class Judge {
  readonly #belongs = new Map<string, string>();
  #asked = 0;

  /** The opinion on a triplet of paths. */
  judge(anchor: string, positive: string, negative: string): TripletVerdict {
    this.#asked++;
    const fresh = (image: string) => !this.#belongs.has(image);
    // Every so often a picture never seen before turns out to be something else than its folder says.
    if (this.#asked % 5 === 0 && fresh(positive)) this.#belongs.set(positive, `stranger ${String(this.#asked)}`);
    if (this.#asked % 4 === 0 && fresh(negative)) this.#belongs.set(negative, this.#of(anchor));
    const [a, p, n] = [this.#of(anchor), this.#of(positive), this.#of(negative)];
    if (this.#asked % 9 === 0) return 'incomparable';
    if (a === p) return a === n ? 'negative-same' : 'good';
    return a === n ? 'both-wrong' : 'positive-wrong';
  }

  #of(image: string): string {
    const known = this.#belongs.get(image) ?? image.slice(0, image.lastIndexOf('/'));
    this.#belongs.set(image, known);
    return known;
  }
}
