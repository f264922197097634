import { rowDistance } from '../core/distances';
import type { Problem } from '../core/mining/problem';
import { Random } from '../core/random';
import type { Metric } from '../core/types';
import type { Control } from './control';
import { roundingOf } from './rounding';

/** What the bounds work on: vectors moved, scaled and rounded. */
export interface Scaling {
  /** f64 [d]: taken off every vector first */
  centre: Float64Array;
  /** distances are times this in the bounds' scale, a power of two (squared for squared distances) */
  scale: number;
  /** bound = terms + slope * sum, and how much wider than the rows' widths an interval is, as a share of the bound */
  slope: number;
  relativeWidth: number;
  /** scaled vectors are times this where they are rounded to 16-bit integers; 0: they are 32-bit floats */
  shorts: number;
}

/** Rows whose dot products are sure to fit 32 bits have at most this length: its square is the largest below 2^31. */
const LONGEST = 46340;
/** Root mean square of the rounding of one component, and a little more. */
const ROUNDED = 0.32;
/** Hits of a gap that a pair may cost for each dimension whose product is the cheaper one. */
const HITS = 1.5e-4;

interface Sizes {
  sums: Float64Array;
  squares: number;
  largest: number;
}

/**
 * Chooses what the bounds work on: vectors moved to their mean where that takes most of their length away (distances stay, and
 * rounding shrinks with the lengths), and scaled by a power of two, which rounds nothing, so that no length is over 1. Products
 * of 16-bit integers are half the work of 32-bit ones and are taken where their wider bounds still tell most pairs apart.
 * @param gaps whether anchors keep the nearest rows of gaps, which takes narrower bounds than the nearest of all
 * @param bits what to round to, where somebody says
 * @returns undefined when the run was cancelled
 */
export async function scalingOf(
  problem: Problem,
  rows: Int32Array,
  gaps: boolean,
  bits: 16 | 32 | undefined,
  control: Control,
): Promise<Scaling | undefined> {
  const sizes = await sizesOf(problem, rows, control);
  if (!sizes) return undefined;
  const scaling = moved(problem, rows.length, sizes);
  const { metric } = problem.request;
  if (isAbsolute(metric) || bits === 32) return scaling;
  const extent = await extentOf(problem, rows, scaling, control);
  if (!extent) return undefined;
  const { length, component, mean } = extent;
  const { dimension } = problem.data;
  const factor = Math.min((LONGEST - 1 - 0.5 * Math.sqrt(dimension)) / length, 32766 / component);
  const width = (8 * ROUNDED * Math.sqrt(dimension) * mean) / factor;
  // beyond this the slope would leave the normal 32-bit numbers
  if (!(factor < 1e15)) return scaling;
  if (bits !== 16 && !shortsTell(problem, rows, scaling.scale, width, gaps)) return scaling;
  return { ...scaling, shorts: factor, slope: -2 / factor ** 2 };
}

async function sizesOf({ data, request }: Problem, rows: Int32Array, control: Control): Promise<Sizes | undefined> {
  const { dimension: d, vectors } = data;
  const sums = new Float64Array(d);
  let squares = 0;
  let largest = 0;
  const absolute = isAbsolute(request.metric);
  const weights = request.metric === 'weightedL1' ? request.weights! : undefined;
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * d;
    let size = 0;
    for (let k = 0; k < d; k++) {
      const x = vectors[from + k]!;
      sums[k]! += x;
      size += absolute ? Math.abs(x) * (weights ? weights[k]! : 1) : x * x;
    }
    squares += size;
    largest = Math.max(largest, size);
    if ((i & 255) === 0 && control.due && (await control.pause())) return undefined;
  }
  return { sums, squares, largest };
}

function moved({ data, request }: Problem, n: number, { sums, squares, largest }: Sizes): Scaling {
  const { metric, weights } = request;
  const d = data.dimension;
  const centre = new Float64Array(d);
  const products = { centre, slope: -2, relativeWidth: 2 ** -20, shorts: 0 };
  if (metric === 'cosine') return { ...products, scale: 2 };
  let reach = isAbsolute(metric) ? largest : Math.sqrt(largest);
  const mean = sums.map(sum => sum / Math.max(1, n));
  if (metric === 'weightedL1') {
    centre.set(mean);
    reach += mean.reduce((sum, x, k) => sum + weights![k]! * Math.abs(x), 0);
  } else if (metric !== 'l1') {
    const length = mean.reduce((sum, x) => sum + x * x, 0);
    if (length * n > 0.5 * squares) {
      centre.set(mean);
      reach += Math.sqrt(length);
    }
  }
  const scale = reach > 0 ? 2 ** -Math.ceil(Math.log2(reach * (1 + 1e-9))) : 1;
  if (!isAbsolute(metric)) return { ...products, scale: metric === 'sql2' ? scale * scale : scale };
  const error = roundingOf(d + 8) * 1.02;
  return { centre, scale, slope: 1 - error, relativeWidth: 3.1 * error, shorts: 0 };
}

/** The largest length and component of the moved and scaled vectors, and their mean length. */
async function extentOf(
  { data, request }: Problem,
  rows: Int32Array,
  { centre, scale }: Scaling,
  control: Control,
): Promise<{ length: number; component: number; mean: number } | undefined> {
  const { dimension: d, vectors } = data;
  const cosine = request.metric === 'cosine';
  const factor = cosine ? 1 : request.metric === 'sql2' ? Math.sqrt(scale) : scale;
  let length = 0;
  let component = 0;
  let sum = 0;
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * d;
    let square = 0;
    let most = 0;
    for (let k = 0; k < d; k++) {
      const x = (vectors[from + k]! - centre[k]!) * factor;
      square += x * x;
      most = Math.max(most, Math.abs(x));
    }
    let long = Math.sqrt(square);
    if (cosine && long > 0) {
      most /= long;
      long = 1;
    }
    length = Math.max(length, long);
    component = Math.max(component, most);
    sum += long;
    if ((i & 255) === 0 && control.due && (await control.pause())) return undefined;
  }
  // a little more than the rounding of these sums
  return {
    length: length * (1 + 1e-12 * d),
    component: component * (1 + 1e-12 * d),
    mean: sum / Math.max(1, rows.length),
  };
}

/**
 * Whether intervals of this width tell enough: that few rows more than its nearest are within an anchor's reach, and few pairs
 * fall where a gap begins. Estimated from a sample; the answer is the same either way, only later.
 */
function shortsTell(problem: Problem, rows: Int32Array, scale: number, width: number, gaps: boolean): boolean {
  const { data, request } = problem;
  const { vectors, dimension, labels } = data;
  const n = rows.length;
  if (n < 3) return false;
  const between = rowDistance(request.metric, dimension, request.weights);
  const key = (i: number, j: number) => {
    const distance = between(vectors, i, vectors, j) * scale;
    return request.metric === 'l2' ? distance * distance : distance;
  };
  const random = new Random(1);
  const all: number[] = [];
  let begun = 0;
  let hits = 0;
  let positives = 0;
  for (let run = 0; run < 64; run++) {
    const at = random.below(n);
    const i = rows[at]!;
    const keys: number[] = [];
    for (let other = 0; other < 256; other++) {
      const j = rows[random.below(n)]!;
      if (i !== j && !(gaps && labels[i] === labels[j])) keys.push(key(i, j));
    }
    all.push(...keys);
    if (!gaps) continue;
    // members of the class lie beside the row
    const members: number[] = [];
    for (let step = 1; members.length < 8 && step <= 8; step++) {
      for (const place of [at - step, at + step])
        if (labels[rows[place] ?? -1] === labels[i]) members.push(rows[place]!);
    }
    const wide = Math.max(width, 0.05 * (Math.max(...keys) - Math.min(...keys)));
    for (const j of members) {
      const from = key(i, j);
      const inside = keys.filter(x => x >= from - wide / 2 && x <= from + wide / 2).length;
      hits += (inside / Math.max(1, keys.length)) * (width / wide);
      begun++;
    }
  }
  all.sort((x, y) => x - y);
  const tenth = all[Math.floor(all.length / 10)] ?? 0;
  const first = all[Math.floor(all.length / 100)] ?? 0;
  // of equal distances in plenty none is told apart anyway
  if (width * Math.log(10) * 4 > tenth - first) return false;
  if (!gaps || begun === 0) return true;
  for (const { start, end } of problem.classes) positives += (end - start) * (end - start - 1);
  return (hits / begun) * (positives / n) < HITS * dimension;
}

/** Whether the metric is a sum of absolute differences. */
function isAbsolute(metric: Metric): boolean {
  return metric === 'l1' || metric === 'weightedL1';
}
