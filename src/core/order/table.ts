import type { ImageHash } from '../types';

/** No question has more images. */
const MOST = 3;

/** Which images questions are about, as numbers: what is looked at for a hundred thousand questions at once has to lie flat. */
export class QuestionTable {
  /** of how many questions */
  readonly count: number;
  /** the images, by number */
  readonly hashes: ImageHash[] = [];
  /** of question q: its images at 3 q and after, -1 where it has no third */
  readonly images: Int32Array;
  private readonly numbers = new Map<ImageHash, number>();
  /** the questions of image i: `touching` from `starts[i]` up to `starts[i + 1]` */
  private readonly starts: Int32Array;
  private readonly touching: Int32Array;

  /** @param questions the images of each, two or three */
  constructor(questions: readonly (readonly ImageHash[])[]) {
    this.count = questions.length;
    this.images = new Int32Array(questions.length * MOST).fill(-1);
    for (const [question, images] of questions.entries()) {
      for (const [i, hash] of images.entries()) this.images[question * MOST + i] = this.add(hash);
    }
    this.starts = new Int32Array(this.hashes.length + 1);
    for (const image of this.images) if (image >= 0) this.starts[image + 1]++;
    for (let i = 0; i < this.hashes.length; i++) this.starts[i + 1] += this.starts[i];
    this.touching = new Int32Array(this.starts[this.hashes.length]);
    const next = this.starts.slice();
    for (const [at, image] of this.images.entries()) {
      if (image >= 0) this.touching[next[image]++] = Math.floor(at / MOST);
    }
  }

  /** The image's number, or undefined for one of which no question is. */
  numberOf(image: ImageHash): number | undefined {
    return this.numbers.get(image);
  }

  /** The questions about an image, by its number. */
  about(image: number): Int32Array {
    return this.touching.subarray(this.starts[image], this.starts[image + 1]);
  }

  /** The questions about any of these images, each once. */
  *aboutAny(images: Iterable<ImageHash>): Generator<number> {
    const met = new Set<number>();
    for (const hash of images) {
      const image = this.numbers.get(hash);
      if (image === undefined) continue;
      for (const question of this.about(image)) {
        if (met.has(question)) continue;
        met.add(question);
        yield question;
      }
    }
  }

  private add(hash: ImageHash): number {
    let number = this.numbers.get(hash);
    if (number === undefined) {
      number = this.hashes.length;
      this.numbers.set(hash, number);
      this.hashes.push(hash);
    }
    return number;
  }
}
