import type { SavedAnchors, SavedPairs } from './saved';

/**
 * What a `MiningCache` holds, as bytes: a line of JSON that lists the arrays, then the arrays, each from a multiple of eight
 * bytes on. Raise the version whenever the meaning of what is kept changes: an older file then counts as none.
 */
const VERSION = 1;

export interface SavedSets {
  anchors: Map<string, SavedAnchors>;
  pairs: Map<string, SavedPairs>;
}

type Saved = Float64Array | Int32Array | Uint8Array;
const TYPES = { f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;
type TypeName = keyof typeof TYPES;

interface Header {
  version: number;
  /** what the caller keeps apart, such as a model's vectors */
  label: string;
  sets: {
    kind: 'anchors' | 'pairs';
    key: string;
    numbers: Record<string, number>;
    arrays: [string, TypeName, number][];
  }[];
}

const ANCHORS = {
  ...{
    rows: 'f64',
    classes: 'f64',
    guards: 'f64',
    nearCounts: 'i32',
    gapStarts: 'i32',
    gapEnds: 'i32',
    gapRows: 'i32',
  },
  ...{ gapLost: 'u8', nearestCounts: 'i32', nearestRows: 'i32', nearestLost: 'u8' },
} as const satisfies Record<keyof SavedAnchors, TypeName>;

const PAIRS = {
  ...{ prints: 'f64', classes: 'f64', answered: 'i32', scores: 'f64', a: 'i32', b: 'i32', floor: 'f64' },
} as const satisfies Record<string, TypeName>;

const padded = (bytes: number) => Math.ceil(bytes / 8) * 8;

/** The parts of the file, in order; no array is copied but those of pairs. */
export function fileOf({ anchors, pairs }: SavedSets, label: string): Uint8Array[] {
  const header: Header = { version: VERSION, label, sets: [] };
  const parts: Uint8Array[] = [];
  const put = (
    kind: 'anchors' | 'pairs',
    key: string,
    types: Record<string, TypeName>,
    from: Record<string, Saved>,
    numbers: Record<string, number> = {},
  ) => {
    const arrays = Object.entries(types).map(([name, type]): [string, TypeName, number] => {
      const array = from[name]!;
      parts.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
      parts.push(new Uint8Array(padded(array.byteLength) - array.byteLength));
      return [name, type, array.length];
    });
    header.sets.push({ kind, key, numbers, arrays });
  };
  for (const [key, saved] of anchors) put('anchors', key, ANCHORS, saved as unknown as Record<string, Saved>);
  for (const [key, { prints, classes, answered, entries, floor, dropped, inBand, turn }] of pairs) {
    const columns = {
      ...{ prints, classes, answered },
      scores: Float64Array.from(entries, entry => entry.score),
      a: Int32Array.from(entries, entry => entry.a),
      b: Int32Array.from(entries, entry => entry.b),
      floor: Float64Array.from(floor ? [floor.score, floor.a, floor.b] : []),
    };
    put('pairs', key, PAIRS, columns, { dropped, inBand, turn });
  }
  const line = new TextEncoder().encode(JSON.stringify(header));
  const head = new Uint8Array(padded(line.length + 1)).fill(32);
  head.set(line);
  head[head.length - 1] = 10;
  return [head, ...parts];
}

/** Reads what `fileOf` wrote with this label; undefined for anything else, a file cut short among it. */
export function setsOf(file: Uint8Array, label: string): SavedSets | undefined {
  try {
    return read(file, label);
  } catch {
    // no JSON, or not of this shape
    return undefined;
  }
}

function read(file: Uint8Array, label: string): SavedSets | undefined {
  const end = file.indexOf(10);
  if (end < 0) return undefined;
  const header = JSON.parse(new TextDecoder().decode(file.subarray(0, end))) as Header;
  if (header.version !== VERSION || header.label !== label) return undefined;
  const sets: SavedSets = { anchors: new Map(), pairs: new Map() };
  let at = end + 1;
  for (const { kind, key, numbers, arrays } of header.sets) {
    const found: Record<string, Saved> = {};
    for (const [name, type, length] of arrays) {
      const bytes = length * TYPES[type].BYTES_PER_ELEMENT;
      if (!(at + bytes <= file.length)) return undefined;
      // shared, so that the workers read them where they are
      const memory = new SharedArrayBuffer(bytes);
      new Uint8Array(memory).set(file.subarray(at, at + bytes));
      found[name] =
        type === 'f64' ? new Float64Array(memory) : type === 'i32' ? new Int32Array(memory) : new Uint8Array(memory);
      at += padded(bytes);
    }
    if (kind === 'anchors') sets.anchors.set(key, found as unknown as SavedAnchors);
    else sets.pairs.set(key, pairsOf(found, numbers));
  }
  return sets;
}

function pairsOf(found: Record<string, Saved>, { dropped, inBand, turn }: Record<string, number>): SavedPairs {
  const columns = found as unknown as {
    [Name in keyof typeof PAIRS]: InstanceType<(typeof TYPES)[(typeof PAIRS)[Name]]>;
  };
  const { prints, classes, answered, scores, a, b, floor } = columns;
  return {
    ...{ prints, classes, answered },
    entries: Array.from(scores, (score, at) => ({ score, a: a[at]!, b: b[at]!, c: -1 })),
    floor: floor.length > 0 ? { score: floor[0]!, a: floor[1]!, b: floor[2]!, c: -1 } : undefined,
    ...{ dropped: dropped!, inBand: inBand!, turn: turn! },
  };
}
