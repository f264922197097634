// Where everything lies in the shared memory. The caller writes the fields (src/kernel/layout.ts has the same order) and calls
// `setup` in every thread; rows are in the kernel's order (by class, then hash).

export const DIFFERENT: i32 = 0;
export const SAME: i32 = 1;
export const ANY: i32 = 2;

export const L2: i32 = 0;
export const SQL2: i32 = 1;
export const L1: i32 = 2;
export const WEIGHTED_L1: i32 = 3;
export const COSINE: i32 = 4;

/** Rows of a tile: as many as fit the registers with eight columns, with fused multiply-add and without. */
// @ts-ignore: decorator
@inline export const TILE: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;
/** Rows of a tile of 16-bit products, and of absolute differences: four in both, as they take one register more. */
// @ts-ignore: decorator
@inline export const SMALL_TILE: i32 = 4;
/** Columns of a panel. */
// @ts-ignore: decorator
@inline export const PANEL: i32 = 8;
/** Products of floats that are added up before their sum is added to the others: short sums round less (src/kernel/pack.ts). */
// @ts-ignore: decorator
@inline export const CHUNK: usize = 32;

export let n: i32 = 0;
export let d: i32 = 0;
export let metric: i32 = 0;
/** which pairs are looked at: `DIFFERENT` class, `SAME` class, or `ANY` */
export let side: i32 = 0;
/** f32 [n][d]: the vectors as they came, for exact distances */
export let exactRows: usize = 0;
/** f32 [d]: weights of the weighted L1 */
export let weights: usize = 0;
/** f64 [n]: |x|², for the cosine */
export let norms: usize = 0;
/** whether packed rows hold 16-bit integers, two in a word, or 32-bit floats */
export let shorts: i32 = 0;
/** 32-bit words of a packed row */
export let words: i32 = 0;
/** [ceil(n/8)][words][8]: the vectors moved, scaled and weighted, for the bounds */
export let panels: usize = 0;
/** f32 [n8]: what a row adds to the lower bound; of padding +infinity, so that it is never near */
export let lowerTerms: usize = 0;
/** f32 [n8]: what a row adds to get from the lower bound to the upper one */
export let widths: usize = 0;
/** i32 [n8] */
export let labels: usize = 0;
/** i32 [n]: rows of one number are copies of one image */
export let copies: usize = 0;
/** i32 [n]: order of the hashes, which settles ties */
export let ranks: usize = 0;
/** i32 [n + 1] and i32: answered pairs, the others of row i ascending */
export let answeredStarts: usize = 0;
export let answeredOthers: usize = 0;

/** rows [windowStart, windowEnd) are anchors: they have state, at their place in the window */
export let windowStart: i32 = 0;
/** f32 [window8], indexed by row - windowStart: bounds above this are of no interest to the row */
export let reach: usize = 0;
/** nearest rows kept for each anchor; 0: none */
export let nearest: i32 = 0;
/** places for them: more than `nearest`, so that choosing is seldom */
export let nearestRoom: i32 = 0;
export let nearestCounts: usize = 0;
/** f32 [window]: upper bound of the k-th nearest so far */
export let nearestReach: usize = 0;
export let nearestBounds: usize = 0;
export let nearestRows: usize = 0;

/** i32 [window]: where an anchor's gaps begin and end; 0 pointer: no gaps wanted */
export let gapStarts: usize = 0;
export let gapEnds: usize = 0;
/** f64: a gap begins beyond this exact distance, and ends where the next one begins */
export let gapFrom: usize = 0;
/** f32: the lowest bound that a row of the gap can have */
export let gapKeys: usize = 0;
/** f32: bounds above this are beyond all that a full gap keeps */
export let gapLimits: usize = 0;
/** rows kept for a gap, the nearest ones, and their distances (f64) */
export let gapRoom: i32 = 0;
export let gapRows: usize = 0;
export let gapDistances: usize = 0;
/** f32 [window]: upper end of what the gaps still want */
export let gapReach: usize = 0;
/** tables of what the gaps still want, by bound (table.ts): bytes a row, and the offset and slope of a row's buckets */
export let tables: usize = 0;
export let tableBytes: i32 = 0;
export let tableOffsets: usize = 0;
export let tableSlopes: usize = 0;
export let tableHints: usize = 0;

/** i32 [window]: how often an anchor met a row nearer than the least distance */
export let nearCounts: usize = 0;
/** u8 [window]: 1 where an anchor has its rows from an earlier run and is only shown what is new; 0 pointer: nowhere */
export let intact: usize = 0;

/** 1 where rows are in the order of their classes; else classes are looked up pair by pair */
export let byClass: i32 = 0;

/** scratch of this thread: packed anchors and their terms, a strip of bounds, and two arrays to choose in */
export let packed: usize = 0;
export let terms: usize = 0;
export let strip: usize = 0;
/** i32 [group]: the first row of each panel of the strip */
export let seen: usize = 0;
/** 32 bytes to hand numbers from vectors to scalars */
export let spill: usize = 0;
export let chooser: usize = 0;
/** rows that gaps may want, listed from a strip (see hits.ts) */
export let hits: usize = 0;
/** found pairs of this thread: i32 (i, j) */
export let found: usize = 0;
/** rows of anchors that are packed at a time, and panels whose bounds with them are worked out before rows look at theirs */
export let blockRows: i32 = 0;
export let group: i32 = 0;
/** bytes of an anchor's bounds with a group of panels, which lie side by side in the strip */
export let line: usize = 0;
/** i32, not 0 once the run is cancelled */
export let cancelFlag: usize = 0;

/** bound = lowerTerms[i] + lowerTerms[j] + slope * sum */
export let slope: f32 = 0;
/** upper bound = bound + |bound| * relativeWidth + widths[i] + widths[j] */
export let relativeWidth: f32 = 0;
export let largestWidth: f32 = 0;
/** bounds of pairs that may be nearer than the least distance are at most this (-infinity: no least distance) */
export let leastKey: f32 = 0;
/** the least distance, exact */
export let least: f64 = 0;
/** distances are times this in the bounds' scale, a power of two (squared for squared distances) */
export let scale: f64 = 1;

// @ts-ignore: decorator
@inline function field(plan: usize, at: i32): i32 {
  return load<i32>(plan + (<usize>at << 2));
}

/** Reads the plan: 48 32-bit fields at most, then doubles. */
export function setup(plan: usize, scratch: usize): void {
  n = field(plan, 0);
  d = field(plan, 1);
  metric = field(plan, 2);
  side = field(plan, 3);
  exactRows = field(plan, 4);
  weights = field(plan, 5);
  norms = field(plan, 6);
  panels = field(plan, 7);
  lowerTerms = field(plan, 8);
  widths = field(plan, 9);
  labels = field(plan, 10);
  copies = field(plan, 11);
  ranks = field(plan, 12);
  answeredStarts = field(plan, 13);
  answeredOthers = field(plan, 14);
  windowStart = field(plan, 15);
  reach = field(plan, 16);
  nearest = field(plan, 17);
  nearestRoom = field(plan, 18);
  nearestCounts = field(plan, 19);
  nearestReach = field(plan, 20);
  nearestBounds = field(plan, 21);
  nearestRows = field(plan, 22);
  gapStarts = field(plan, 23);
  gapEnds = field(plan, 24);
  gapFrom = field(plan, 25);
  shorts = field(plan, 26);
  gapRoom = field(plan, 27);
  gapRows = field(plan, 28);
  gapDistances = field(plan, 29);
  gapReach = field(plan, 30);
  tables = field(plan, 31);
  tableBytes = field(plan, 32);
  tableOffsets = field(plan, 33);
  tableSlopes = field(plan, 34);
  blockRows = field(plan, 35);
  cancelFlag = field(plan, 36);
  nearCounts = field(plan, 37);
  intact = field(plan, 38);
  byClass = field(plan, 39);
  words = field(plan, 40);
  gapKeys = field(plan, 41);
  tableHints = field(plan, 42);
  gapLimits = field(plan, 43);
  group = field(plan, 44);
  slope = <f32>load<f64>(plan, 192);
  relativeWidth = <f32>load<f64>(plan, 200);
  largestWidth = <f32>load<f64>(plan, 208);
  leastKey = <f32>load<f64>(plan, 216);
  least = load<f64>(plan, 224);
  scale = load<f64>(plan, 232);
  line = <usize>group << 5;
  packed = scratch;
  terms = packed + <usize>(blockRows * words * 4);
  strip = terms + <usize>(blockRows * 4 + 64);
  seen = strip + <usize>blockRows * line;
  spill = seen + <usize>(group * 4 + 64);
  chooser = spill + 64;
  hits = chooser + <usize>(max(nearestRoom, 1) * 24 + 64);
  found = hits + 2048;
}

/** The lowest upper bound that a pair of this bound can have. */
// @ts-ignore: decorator
@inline export function upperBound(bound: f32, i: i32, j: i32): f32 {
  return bound + abs(bound) * relativeWidth + load<f32>(widths + (<usize>i << 2)) + load<f32>(widths + (<usize>j << 2));
}
