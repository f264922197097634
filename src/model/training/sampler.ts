import type { TrainingData } from './data';
import { answersAmong, DIFFERENT, Relations, UNKNOWN } from './data';
import { turnsOf } from './augment';
import type { TrainOptions } from './options';
import { Random } from './random';

/** One batch: rows of the data, each with a quarter turn that makes it another class (0: as it is). */
export interface Batch {
  rows: Int32Array;
  turns: Uint8Array;
}

/**
 * Draws batches of P classes x K images; where there are answers, a share of the batch are answered pairs, same and
 * different in equal parts; where there are mined triplets, a share are those. The share is how much of what is known each
 * kind is, at least a quarter each. Batches depend on seed and step alone, so every replica draws the same.
 */
export class Sampler {
  readonly size: number;
  readonly relations: Relations;
  private readonly groups: number[][];
  private readonly same: [number, number][] = [];
  private readonly different: [number, number][] = [];
  private readonly triplets: [number, number, number][] = [];
  private readonly turns: number;

  constructor(
    data: TrainingData,
    rows: readonly number[],
    private readonly options: Pick<TrainOptions, 'classesPerBatch' | 'imagesPerClass' | 'synthesis' | 'seed'>,
  ) {
    const among = new Set(rows);
    const answers = answersAmong(data, among);
    this.relations = new Relations(data.labels, answers);
    const groups = new Map<number, number[]>();
    for (const i of rows) {
      const label = data.labels[i]!;
      if (label < 0) continue;
      const group = groups.get(label);
      if (group) group.push(i);
      else groups.set(label, [i]);
    }
    this.groups = [...groups.values()];
    for (const { a, b, relation } of answers) (relation === 'same' ? this.same : this.different).push([a, b]);
    const mined = data.triplets ?? new Int32Array(0);
    for (let i = 0; i + 2 < mined.length; i += 3) {
      const triplet = [mined[i]!, mined[i + 1]!, mined[i + 2]!] as [number, number, number];
      if (triplet.every(row => among.has(row))) this.triplets.push(triplet);
    }
    this.turns = turnsOf(options.synthesis);
    this.size = options.classesPerBatch * options.imagesPerClass;
  }

  /** Batches that show each picture about once. */
  stepsPerEpoch(rows: number): number {
    return Math.max(20, Math.ceil((rows * this.turns) / this.size));
  }

  draw(step: number): Batch {
    const random = new Random(this.options.seed, 0xba7c4, step);
    const batch: { row: number; turn: number }[] = [];
    const fromClasses = this.groups.length >= 2;
    const parts = [fromClasses, this.same.length + this.different.length > 0, this.triplets.length > 0].filter(
      Boolean,
    ).length;
    const share = Math.floor(this.size / Math.max(1, parts));
    if (this.triplets.length > 0) this.addTriplets(batch, share, random);
    if (this.same.length + this.different.length > 0)
      this.addAnswers(batch, fromClasses ? share : this.size - batch.length, random);
    if (fromClasses) this.addClasses(batch, this.size - batch.length, random);
    // Dealt out to replicas in turns, so each should see a bit of everything.
    random.shuffle(batch);
    return { rows: Int32Array.from(batch, b => b.row), turns: Uint8Array.from(batch, b => b.turn) };
  }

  /** What batch entries are to each other: the same picture or class only where they are turned alike. */
  relationMatrix({ rows, turns }: Batch): Int8Array {
    const n = rows.length;
    const out = new Int8Array(n * n).fill(UNKNOWN);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const relation = this.relation(rows[i]!, rows[j]!, turns[i] === turns[j]);
        out[i * n + j] = relation;
        out[j * n + i] = relation;
      }
    }
    return out;
  }

  private relation(a: number, b: number, alike: boolean): number {
    // One picture twice in a batch teaches nothing; turned, it is of another class than itself.
    if (a === b) return alike ? UNKNOWN : DIFFERENT;
    const relation = this.relations.of(a, b);
    return alike || relation === UNKNOWN ? relation : DIFFERENT;
  }

  private addClasses(batch: { row: number; turn: number }[], count: number, random: Random): void {
    const { imagesPerClass } = this.options;
    const virtual = this.groups.length * this.turns;
    const wanted = Math.min(virtual, Math.max(2, Math.floor(count / imagesPerClass)));
    const chosen = new Set<number>();
    while (chosen.size < wanted) chosen.add(random.below(virtual));
    // Few classes: more images of each instead.
    const each = Math.max(imagesPerClass, Math.floor(count / wanted));
    for (const index of chosen) {
      const group = this.groups[Math.floor(index / this.turns)]!;
      for (const row of random.sample(group, each)) {
        if (count-- > 0) batch.push({ row, turn: index % this.turns });
      }
    }
  }

  private addAnswers(batch: { row: number; turn: number }[], count: number, random: Random): void {
    for (let left = count >> 1; left > 0; left--) {
      const wantSame = this.different.length === 0 || (this.same.length > 0 && left % 2 === 0);
      const list = wantSame ? this.same : this.different;
      for (const row of list[random.below(list.length)]!) batch.push({ row, turn: 0 });
    }
  }

  private addTriplets(batch: { row: number; turn: number }[], count: number, random: Random): void {
    for (let left = Math.floor(count / 3); left > 0; left--) {
      for (const row of this.triplets[random.below(this.triplets.length)]!) batch.push({ row, turn: 0 });
    }
  }
}
