import { availableParallelism } from 'node:os';
import { SAME, type Problem } from '../core/mining/problem';
import type { Metric } from '../core/types';
import type { Side } from '../core/mining/guards';
import type { Control } from './control';
import { scalingOf } from './scaling';
import type { BlockIndex } from './tree';
import { Arena, CONTROL, emptyPlan, PLAN_BYTES, type Places, type Plan } from './plan';

/** Rows and memory of one run, in the kernel's order: row i of the kernel is row `rows[i]` of the data. */
export interface Space {
  memory: WebAssembly.Memory;
  plan: Plan;
  places: Places;
  rows: Int32Array;
  ranks: Int32Array;
  threads: number;
  /** rows of a block of the sweep */
  block: number;
}

const METRIC_NUMBERS: Record<Metric, number> = { l2: 0, sql2: 1, l1: 2, weightedL1: 3, cosine: 4 };
const SIDE_NUMBERS: Record<Side, number> = { different: 0, same: 1, any: 2 };
/** What WebAssembly can address. */
const MOST_BYTES = 65536 * 65536;

export interface SpaceOptions {
  side: Side;
  threads: number | undefined;
  bits: 16 | 32 | undefined;
  /** bytes of the state of the largest window, given the rows of a block */
  stateBytes(block: number): number;
  /** nearest rows of an anchor, for the size of the scratch */
  nearestRoom: number;
  /** an order of the rows other than by class, for an approximate run */
  index: BlockIndex | undefined;
  /** whether anchors keep the nearest rows of gaps */
  gaps: boolean;
  /** whether threads hand out pairs */
  pairs: boolean;
}

/** Threads for n rows of dimension d: one where starting others takes longer than the work. */
export function threadsFor(n: number, d: number, wanted: number | undefined): number {
  if (wanted !== undefined) return Math.max(1, Math.floor(wanted));
  return n * n * d < 1e9 ? 1 : availableParallelism();
}

/**
 * Lays out the shared memory and copies the input into it, in slices.
 * @returns undefined when the run was cancelled, or when the input does not fit into WebAssembly's four gigabytes.
 */
export async function makeSpace(
  problem: Problem,
  options: SpaceOptions,
  control: Control,
): Promise<Space | 'too large' | 'cancelled'> {
  const { data, request, ranks, copies } = problem;
  const rows = options.index?.rows ?? problem.rows;
  const { dimension: d, vectors } = data;
  const n = rows.length;
  const padded = Math.ceil(n / 8) * 8;
  const threads = threadsFor(n, d, options.threads);
  const block = options.index?.block ?? blockOf(n, d, threads);
  const plan = emptyPlan();
  const blocks = Math.ceil(n / block);
  const scaling = await scalingOf(problem, rows, options.gaps, options.bits, control);
  if (!scaling) return 'cancelled';
  const { scale, slope, relativeWidth, shorts } = scaling;
  Object.assign(plan, { scale, slope, relativeWidth, shorts: shorts > 0 ? 1 : 0 });
  plan.words = shorts > 0 ? Math.ceil(d / 2) : d;
  // what an anchor keeps is worth being fetched for many rows at once; pairs keep nothing, and take room for each pair of a block
  const [rowsAtOnce, wordsAtOnce, panelsAtOnce] = options.pairs ? [240, 32768, 1] : [960, 131072, 120];
  const most = Math.min(rowsAtOnce, wordsAtOnce / plan.words, block);
  plan.blockRows = Math.max(12, Math.floor(most / 12) * 12);
  plan.group = Math.min(panelsAtOnce, block / 8);

  const arena = new Arena(4096);
  const control32 = arena.take(64);
  const planAt = arena.take(PLAN_BYTES);
  const scratchBytes =
    plan.blockRows * plan.words * 4 +
    plan.blockRows * (4 + 32 * plan.group) +
    4 * plan.group +
    256 +
    options.nearestRoom * 32 +
    2304 +
    (options.pairs ? plan.blockRows * (block + 8) * 8 : 0);
  const scratch = Array.from({ length: threads }, () => arena.take(scratchBytes));
  const locals = localAnswers(problem, rows);
  plan.n = n;
  plan.d = d;
  plan.metric = METRIC_NUMBERS[request.metric];
  plan.side = SIDE_NUMBERS[options.side];
  plan.exactRows = arena.take(n * d * 4);
  plan.panels = arena.take(padded * plan.words * 4);
  plan.lowerTerms = arena.take((padded + 8) * 4);
  plan.widths = arena.take((padded + 8) * 4);
  plan.labels = arena.take((padded + 8) * 4);
  plan.copies = arena.take(n * 4);
  plan.ranks = arena.take(n * 4);
  plan.norms = arena.take(n * 8);
  plan.weights = arena.take(d * 4);
  plan.answeredStarts = arena.take((n + 1) * 4);
  plan.answeredOthers = arena.take(locals.others.length * 4);
  plan.cancelFlag = control32 + 4 * CONTROL.cancel;
  const places: Places = {
    control: control32,
    plan: planAt,
    scratch,
    classMembers: arena.take(n * 4),
    classFrom: arena.take(n * 4),
    classTo: arena.take(n * 4),
    answeredSame: arena.take(locals.same.length),
    spent: arena.take(n),
    centre: arena.take(d * 8),
    shorts,
    tasks: arena.take(((blocks * (blocks + 1)) / 2 + blocks * blocks) * 8),
    locks: arena.take((blocks + Math.ceil(n / plan.blockRows) + 2) * 4),
    state: 0,
  };
  places.state = arena.bytes;
  const bytes = arena.bytes + options.stateBytes(block) + 65536;
  if (bytes > MOST_BYTES) return 'too large';
  const pages = Math.ceil(bytes / 65536);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });

  const int32 = (at: number, length: number) => new Int32Array(memory.buffer, at, length);
  const exact = new Float32Array(memory.buffer, plan.exactRows, n * d);
  for (let i = 0; i < n; i++) {
    const from = rows[i]! * d;
    exact.set(vectors.subarray(from, from + d), i * d);
    if ((i & 255) === 0 && control.due && (await control.pause())) return 'cancelled';
  }
  int32(plan.labels, padded + 8).fill(0x7fffffff);
  int32(plan.labels, n).set(rows.map(row => data.labels[row]!));
  if (n > 0) int32(plan.labels, padded + 8).fill(data.labels[rows[n - 1]!]!, n);
  int32(plan.copies, n).set(rows.map(row => copies[row]!));
  const localRanks = rows.map(row => ranks[row]!);
  int32(plan.ranks, n).set(localRanks);
  int32(plan.answeredStarts, n + 1).set(locals.starts);
  int32(plan.answeredOthers, locals.others.length).set(locals.others);
  new Uint8Array(memory.buffer, places.answeredSame, locals.same.length).set(locals.same);
  plan.byClass = options.index ? 0 : 1;
  writeClasses(memory, places, rows, data.labels);
  if (request.weights) new Float32Array(memory.buffer, plan.weights, d).set(request.weights);
  new Float64Array(memory.buffer, places.centre, d).set(scaling.centre);
  return { memory, plan, places, rows, ranks: localRanks, threads, block };
}

/** Rows of a block: about a quarter of a GFLOP for two blocks, and enough blocks for all threads; a multiple of 24. */
export function blockOf(n: number, d: number, threads: number): number {
  const byWork = Math.sqrt(0.25e9 / (2 * d));
  const byThreads = threads > 1 ? n / (6 * threads) : n / 3;
  return Math.max(24, Math.min(2040, Math.ceil(Math.min(byWork, byThreads) / 24) * 24));
}

/** Lists the members of each row's class. */
function writeClasses(memory: WebAssembly.Memory, places: Places, rows: Int32Array, labels: Int32Array): void {
  const n = rows.length;
  const members = new Int32Array(memory.buffer, places.classMembers, n);
  const from = new Int32Array(memory.buffer, places.classFrom, n);
  const to = new Int32Array(memory.buffer, places.classTo, n);
  const byLabel = new Map<number, number[]>();
  rows.forEach((row, i) => {
    const list = byLabel.get(labels[row]!);
    if (list) list.push(i);
    else byLabel.set(labels[row]!, [i]);
  });
  let start = 0;
  for (const list of byLabel.values()) {
    members.set(list, start);
    for (const i of list) {
      from[i] = start;
      to[i] = start + list.length;
    }
    start += list.length;
  }
}

/** The answered pairs between mined rows, in the kernel's order. */
function localAnswers(
  { answered, data }: Problem,
  rows: Int32Array,
): { starts: Int32Array; others: Int32Array; same: Uint8Array } {
  const n = rows.length;
  const starts = new Int32Array(n + 1);
  if (answered.others.length === 0) return { starts, others: new Int32Array(0), same: new Uint8Array(0) };
  const places = new Int32Array(data.ids.length).fill(-1);
  rows.forEach((row, i) => (places[row] = i));
  const others: number[] = [];
  const same: number[] = [];
  for (let i = 0; i < n; i++) {
    const row = rows[i]!;
    const links: [number, number][] = [];
    for (let at = answered.starts[row]!; at < answered.starts[row + 1]!; at++) {
      const other = places[answered.others[at]!]!;
      if (other >= 0) links.push([other, answered.relations[at] === SAME ? 1 : 0]);
    }
    for (const [other, isSame] of links.sort((x, y) => x[0] - y[0])) {
      others.push(other);
      same.push(isSame);
    }
    starts[i + 1] = others.length;
  }
  return { starts, others: Int32Array.from(others), same: Uint8Array.from(same) };
}
