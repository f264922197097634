import { rowDistance } from '../core/distances';
import { mayCompare, type Side } from '../core/mining/guards';
import type { NearestRows } from '../core/mining/label-errors';
import { Neighbours } from '../core/mining/neighbours';
import type { Problem } from '../core/mining/problem';
import { AnchorRun } from './anchor-run';
import type { Control, MiningRuntime } from './control';
import type { BlockIndex } from './tree';
import type { LoadedKernel } from './wasm';

export interface FoundNearest {
  nearest: NearestRows;
  kernel: string;
  threads: number;
  /** false when the run was cancelled: rows that were not reached have no neighbours, or not all */
  whole: boolean;
  tooNear: number;
}

/** The nearest allowed rows of every row, exactly, ties by hash. */
export async function findNearest(
  problem: Problem,
  count: number,
  side: Side,
  kernel: LoadedKernel | undefined,
  control: Control,
  runtime: MiningRuntime,
  index?: BlockIndex,
): Promise<FoundNearest> {
  const wants = { side, nearest: count, gapRoom: 0, positives: false };
  const run = kernel ? await AnchorRun.start(problem, kernel, wants, control, runtime, index) : 'too large';
  if (run === 'too large') return referenceNearest(problem, count, side, control);
  const n = problem.rows.length;
  const nearest = emptyNearest(problem, count);
  if (run === 'cancelled') return { nearest, kernel: kernel!.name, threads: 1, whole: false, tooNear: 0 };
  try {
    const rows = new SharedArrayBuffer(n * count * 4);
    const distances = new SharedArrayBuffer(n * count * 8);
    new Int32Array(rows).fill(-1);
    const { results, whole } = await run.sweep(
      (window, plan) => ({
        kind: 'nearest',
        tasks: Math.ceil((window.end - window.start) / 256),
        plan,
        window,
        count,
        rows,
        distances,
      }),
      control,
    );
    const localRows = new Int32Array(rows);
    const localDistances = new Float64Array(distances);
    const order = run.space.rows;
    order.forEach((row, i) => {
      for (let q = 0; q < count; q++) {
        const local = localRows[i * count + q]!;
        if (local < 0) break;
        nearest.rows[row * count + q] = order[local]!;
        nearest.distances[row * count + q] = localDistances[i * count + q]!;
      }
    });
    const tooNear = results.reduce((sum, result) => sum + result.tooNear, 0) / 2;
    return { nearest, kernel: kernel!.name, threads: run.team.threads, whole, tooNear };
  } finally {
    await run.team.close();
  }
}

async function referenceNearest(problem: Problem, count: number, side: Side, control: Control): Promise<FoundNearest> {
  const { data, rows, request, ranks } = problem;
  const { vectors, labels } = data;
  const distance = rowDistance(request.metric, data.dimension, request.weights);
  const least = request.guards.minDistance ?? 0;
  const nearest = emptyNearest(problem, count);
  const found = new Neighbours();
  let tooNear = 0;
  const result = (whole: boolean): FoundNearest => ({ nearest, kernel: 'typescript', threads: 1, whole, tooNear });
  for (let at = 0; at < rows.length; at++) {
    const i = rows[at]!;
    found.clear();
    for (let place = 0; place < rows.length; place++) {
      const j = rows[place]!;
      if ((place & 1023) === 1023 && control.due && (await control.pause())) return result(false);
      if (i === j || (side !== 'any' && (labels[i] === labels[j]) !== (side === 'same'))) continue;
      if (!mayCompare(problem, i, j)) continue;
      const d = distance(vectors, i, vectors, j);
      if (d >= least) found.push(j, d);
      else if (place > at) tooNear++;
    }
    found.sort(ranks);
    const kept = Math.min(count, found.count);
    nearest.rows.set(found.rows.subarray(0, kept), i * count);
    nearest.distances.set(found.distances.subarray(0, kept), i * count);
    control.progress(at + 1, rows.length);
    if (control.due && (await control.pause())) return result(false);
  }
  return result(true);
}

function emptyNearest({ data }: Problem, count: number): NearestRows {
  const n = data.ids.length;
  return { count, rows: new Int32Array(n * count).fill(-1), distances: new Float64Array(n * count).fill(Infinity) };
}
