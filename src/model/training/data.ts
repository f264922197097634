import type { ModelInput } from '../card';

/** Pictures and what is known of them. Indices are rows of `pixels`. */
export interface TrainingData {
  /** `count` pictures, NHWC bytes, of the input's size; on shared memory the workers need no copy */
  pixels: Uint8Array;
  count: number;
  /** class (or component of answers) of each picture; -1: none */
  labels: Int32Array;
  classNames?: readonly string[];
  /** answers, direct or implied; where one contradicts the classes, the answer holds */
  answers?: readonly Answer[];
  /** pairs that nothing is known of, whatever the classes say: `incomparable`, or answered one way and the other */
  unknown?: readonly Pair[];
  /** pictures that stay out: flagged, or never answered but `incomparable` */
  excluded?: readonly number[];
  /** mined triplets to train on besides, three indices each: anchor, positive, negative */
  triplets?: Int32Array;
  /** false: no batch is drawn by class; classes then only say what pictures of a batch are to each other, and judge */
  drawClasses?: boolean;
  /** the held-out pictures, where the caller chooses them; else a share of the classes */
  heldOut?: readonly number[];
}

/** Two rows. */
export interface Pair {
  a: number;
  b: number;
}

export interface Answer extends Pair {
  relation: 'same' | 'different';
}

export type Input = Pick<ModelInput, 'width' | 'height' | 'channels'>;

export const SAME = 1;
export const DIFFERENT = 0;
export const UNKNOWN = -1;

/** What two pictures are to each other: by answer, else by class, and unknown where answers leave it open. */
export class Relations {
  private readonly answers = new Map<number, number>();

  constructor(
    private readonly labels: Int32Array,
    answers: readonly Answer[] = [],
    unknown: readonly Pair[] = [],
  ) {
    for (const { a, b, relation } of answers) this.answers.set(this.key(a, b), relation === 'same' ? SAME : DIFFERENT);
    for (const { a, b } of unknown) this.answers.set(this.key(a, b), UNKNOWN);
  }

  of(a: number, b: number): number {
    const answer = this.answers.size > 0 ? this.answers.get(this.key(a, b)) : undefined;
    if (answer !== undefined) return answer;
    const la = this.labels[a]!;
    const lb = this.labels[b]!;
    if (la < 0 || lb < 0) return UNKNOWN;
    return la === lb ? SAME : DIFFERENT;
  }

  /** Whether answers leave open what two pictures are to each other. */
  isOpen(a: number, b: number): boolean {
    return this.answers.size > 0 && this.answers.get(this.key(a, b)) === UNKNOWN;
  }

  private key(a: number, b: number): number {
    return Math.min(a, b) * this.labels.length + Math.max(a, b);
  }
}

/** Too little to train on; the message says what is missing. */
export class DataError extends Error {
  override name = 'DataError';
}

/** @throws DataError when sizes do not agree or there is nothing to tell apart. */
export function checkData(data: TrainingData, input: Input): void {
  const expected = data.count * input.width * input.height * input.channels;
  if (data.pixels.length !== expected || data.labels.length !== data.count) {
    throw new DataError(
      `${data.count} pictures of ${input.width} x ${input.height} x ${input.channels} need ${expected} bytes and as many labels; there are ${data.pixels.length} bytes and ${data.labels.length} labels`,
    );
  }
  const usable = usableRows(data);
  const classes = new Map<number, number>();
  for (const i of usable)
    if (data.labels[i]! >= 0) classes.set(data.labels[i]!, (classes.get(data.labels[i]!) ?? 0) + 1);
  const trainable = [...classes.values()].filter(n => n >= 2).length;
  const answers = answersAmong(data, new Set(usable));
  const kinds = new Set(answers.map(({ relation }) => relation));
  if (data.drawClasses !== false && classes.size >= 2 && trainable >= 1) return;
  if ((data.triplets?.length ?? 0) > 0) return;
  if (kinds.has('same') && kinds.has('different')) return;
  throw new DataError(
    `There is too little to train on: ${classes.size} classes, ${trainable} of them with two images or more, and ${answers.length} usable answers. ` +
      'Training needs two classes with at least one pair of the same class, or answers of both kinds, same and different.',
  );
}

/** Rows that may be trained on or judged by. */
export function usableRows(data: TrainingData): number[] {
  const out = new Set(data.excluded ?? []);
  return Array.from({ length: data.count }, (_, i) => i).filter(i => !out.has(i));
}

/**
 * Mined triplets that a network learns from when it is trained on `rows`: wholly among them, and with relations that are still
 * what they were mined as.
 */
export function tripletsAmong(data: TrainingData, rows: ReadonlySet<number>): [number, number, number][] {
  const relations = new Relations(data.labels, answersAmong(data, rows), data.unknown);
  const mined = data.triplets ?? [];
  return Array.from({ length: Math.floor(mined.length / 3) }, (_, i) => i * 3)
    .map((at): [number, number, number] => [mined[at]!, mined[at + 1]!, mined[at + 2]!])
    .filter(
      ([a, p, n]) =>
        rows.has(a) &&
        rows.has(p) &&
        rows.has(n) &&
        // What was answered since it was mined counts more than that it was.
        relations.of(a, p) === SAME &&
        relations.of(a, n) === DIFFERENT,
    );
}

/**
 * That something is left to draw batches from once pictures are held out.
 * @throws DataError where nothing but mined triplets and answers may be drawn and none lies among `train`
 */
export function checkLeft(data: TrainingData, train: readonly number[]): void {
  if (data.drawClasses !== false) return;
  const rows = new Set(train);
  if (tripletsAmong(data, rows).length > 0 || answersAmong(data, rows).length > 0) return;
  throw new DataError(
    `There is nothing to train on: each of ${(data.triplets?.length ?? 0) / 3} mined triplets has an image that is held out. ` +
      'Hold out less (--held-out), mine more triplets, or learn from classes too (--use classes,mined).',
  );
}

export function answersAmong(data: TrainingData, rows: ReadonlySet<number>): Answer[] {
  return (data.answers ?? []).filter(({ a, b }) => rows.has(a) && rows.has(b) && a !== b);
}
