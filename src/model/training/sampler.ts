import type { TrainingData } from './data';
import { answersAmong, DIFFERENT, Relations, SAME, tripletsAmong, UNKNOWN } from './data';
import { turnsOf } from './augment';
import type { TrainOptions } from './options';
import { Random } from './random';

/** One batch: rows of the data, each with a quarter turn that makes it another class (0: as it is). */
export interface Batch {
  rows: Int32Array;
  turns: Uint8Array;
  /** every picture is a class of its own here, whatever else it is of */
  instances: boolean;
}

/**
 * Draws batches of P classes x K images; where there are answers, a share of the batch are answered pairs, same and
 * different in equal parts; where there are mined triplets, a share are those, as far as what is known now still says so. The share is how much of what is known each
 * kind is, at least a quarter each. A share of the batches is of single pictures instead, each changed at random several times
 * and told from all others (instance discrimination, Wu et al. 2018). Batches depend on seed and step alone, so every replica draws the same.
 */
export class Sampler {
  readonly size: number;
  readonly relations: Relations;
  private readonly groups: number[][];
  /** groups whose classes lie in one folder, two or more; by how many pictures they hold, rooted */
  private readonly families: { groups: number[]; weight: number }[];
  private readonly same: [number, number][] = [];
  private readonly different: [number, number][] = [];
  private readonly triplets: [number, number, number][];
  private readonly turns: number;
  private readonly drawsClasses: boolean;
  /** a picture met twice in a batch is not the same bytes twice */
  private readonly changed: boolean;

  constructor(
    data: TrainingData,
    private readonly rows: readonly number[],
    private readonly options: Pick<
      TrainOptions,
      'classesPerBatch' | 'imagesPerClass' | 'synthesis' | 'siblings' | 'instances' | 'augmentation' | 'seed'
    >,
  ) {
    const among = new Set(rows);
    const answers = answersAmong(data, among);
    this.relations = new Relations(data.labels, answers, data.unknown);
    this.drawsClasses = data.drawClasses !== false;
    const groups = new Map<number, number[]>();
    for (const i of rows) {
      const label = data.labels[i]!;
      if (label < 0) continue;
      const group = groups.get(label);
      if (group) group.push(i);
      else groups.set(label, [i]);
    }
    this.groups = [...groups.values()];
    this.families = familiesOf([...groups.keys()], this.groups, data.classNames ?? []);
    this.changed = Object.values(options.augmentation).some(Boolean);
    for (const { a, b, relation } of answers) (relation === 'same' ? this.same : this.different).push([a, b]);
    this.triplets = tripletsAmong(data, among);
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
    if (this.options.instances > 0 && random.chance(this.options.instances)) return this.singles(random);
    const fromClasses = this.drawsClasses && this.groups.length >= 2;
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
    return {
      rows: Int32Array.from(batch, b => b.row),
      turns: Uint8Array.from(batch, b => b.turn),
      instances: false,
    };
  }

  /** Pictures of one folder's classes where there are several such folders: those are the hardest to tell apart. */
  private singles(random: Random): Batch {
    const { imagesPerClass, siblings } = this.options;
    const near = this.families.length > 0 && random.chance(siblings);
    const among = near ? this.family(random).flatMap(index => this.groups[index]!) : [...this.rows];
    const chosen = random.sample(among, Math.floor(this.size / imagesPerClass));
    const rows = random.shuffle(chosen.flatMap(row => new Array<number>(imagesPerClass).fill(row)));
    return { rows: Int32Array.from(rows), turns: new Uint8Array(rows.length), instances: true };
  }

  /** What batch entries are to each other: the same picture or class only where they are turned alike. */
  relationMatrix({ rows, turns, instances }: Batch): Int8Array {
    const n = rows.length;
    const out = new Int8Array(n * n).fill(UNKNOWN);
    for (let i = 0; i < n; i++) {
      for (let j = i + 1; j < n; j++) {
        const relation = instances
          ? rows[i] === rows[j]
            ? SAME
            : this.relations.isOpen(rows[i]!, rows[j]!)
              ? UNKNOWN
              : DIFFERENT
          : this.relation(rows[i]!, rows[j]!, turns[i] === turns[j]);
        out[i * n + j] = relation;
        out[j * n + i] = relation;
      }
    }
    return out;
  }

  private relation(a: number, b: number, alike: boolean): number {
    // A picture is the same as itself changed at random; turned, it is of another class; as it is, it teaches nothing.
    if (a === b) return !alike ? DIFFERENT : this.changed ? SAME : UNKNOWN;
    const relation = this.relations.of(a, b);
    return alike || relation === UNKNOWN ? relation : DIFFERENT;
  }

  private addClasses(batch: { row: number; turn: number }[], count: number, random: Random): void {
    const { imagesPerClass, siblings } = this.options;
    const among =
      this.families.length > 0 && random.chance(siblings) ? this.family(random) : this.groups.map((_, i) => i);
    const virtual = among.length * this.turns;
    const wanted = Math.min(virtual, Math.max(2, Math.floor(count / imagesPerClass)));
    const chosen = new Set<number>();
    while (chosen.size < wanted) chosen.add(random.below(virtual));
    // Few classes: more images of each instead. Too few images: some come twice, each time changed otherwise.
    const each = Math.max(imagesPerClass, Math.floor(count / wanted));
    for (const index of chosen) {
      const group = this.groups[among[Math.floor(index / this.turns)]!]!;
      const rows = random.sample(group, each);
      while (this.changed && rows.length < imagesPerClass) rows.push(group[random.below(group.length)]!);
      for (const row of rows) if (count-- > 0) batch.push({ row, turn: index % this.turns });
    }
  }

  private family(random: Random): number[] {
    let at = random.next() * this.families.reduce((sum, { weight }) => sum + weight, 0);
    return (this.families.find(({ weight }) => (at -= weight) <= 0) ?? this.families.at(-1)!).groups;
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

function familiesOf(
  labels: number[],
  groups: number[][],
  names: readonly string[],
): { groups: number[]; weight: number }[] {
  const families = new Map<string, number[]>();
  for (const [i, label] of labels.entries()) {
    const name = names[label] ?? '';
    const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    families.set(parent, [...(families.get(parent) ?? []), i]);
  }
  // One folder for all is no choice.
  if (families.size < 2) return [];
  return [...families.values()]
    .filter(family => family.length >= 2)
    .map(family => ({ groups: family, weight: Math.sqrt(family.reduce((sum, i) => sum + groups[i]!.length, 0)) }));
}
