/**
 * `tf.train.Example` in protobuf's wire format (tensorflow/core/example/{example,feature}.proto), as far as it is needed:
 *
 *   Example   { Features features = 1 }
 *   Features  { map<string, Feature> feature = 1 }     a map is repeated entries { key = 1, value = 2 }
 *   Feature   { oneof: BytesList = 1, FloatList = 2, Int64List = 3 }, each { repeated value = 1 }
 *
 * Floats and integers are packed; the reader takes them unpacked as well.
 */

export type Feature =
  { kind: 'bytes'; values: Uint8Array[] } | { kind: 'float'; values: number[] } | { kind: 'int'; values: number[] };

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Encodes features in the order of the map. Integers must be safe integers. */
export function encodeExample(features: ReadonlyMap<string, Feature>): Uint8Array {
  const entries = [...features].map(([name, feature]) =>
    field(1, concat([field(1, Buffer.from(name, 'utf8')), field(2, encodeFeature(feature))])),
  );
  return field(1, concat(entries));
}

function encodeFeature(feature: Feature): Uint8Array {
  switch (feature.kind) {
    case 'bytes':
      return field(1, concat(feature.values.map(value => field(1, value))));
    case 'float': {
      const packed = new DataView(new ArrayBuffer(4 * feature.values.length));
      feature.values.forEach((value, i) => packed.setFloat32(4 * i, value, true));
      return field(2, field(1, new Uint8Array(packed.buffer)));
    }
    case 'int':
      return field(3, field(1, concat(feature.values.map(value => varint(BigInt.asUintN(64, BigInt(value)))))));
  }
}

/** A length-delimited field. */
function field(number: number, bytes: Uint8Array): Uint8Array {
  return concat([varint(BigInt((number << 3) | LENGTH)), varint(BigInt(bytes.length)), bytes]);
}

function varint(value: bigint): Uint8Array {
  const out: number[] = [];
  let rest = value;
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    out.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(out);
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/**
 * Decodes an Example; unknown fields are passed over.
 * @throws RangeError when the bytes are cut short or malformed
 */
export function decodeExample(bytes: Uint8Array): Map<string, Feature> {
  const features = new Map<string, Feature>();
  for (const example of new Reader(bytes).fields()) {
    if (example.number !== 1 || !example.bytes) continue;
    for (const entry of new Reader(example.bytes).fields()) {
      if (entry.number !== 1 || !entry.bytes) continue;
      let name = '';
      let feature: Feature | undefined;
      for (const part of new Reader(entry.bytes).fields()) {
        if (part.number === 1 && part.bytes) name = Buffer.from(part.bytes).toString('utf8');
        if (part.number === 2 && part.bytes) feature = decodeFeature(part.bytes);
      }
      if (feature) features.set(name, feature);
    }
  }
  return features;
}

function decodeFeature(bytes: Uint8Array): Feature | undefined {
  for (const list of new Reader(bytes).fields()) {
    if (!list.bytes) continue;
    const values = [...new Reader(list.bytes).fields()].filter(value => value.number === 1);
    if (list.number === 1) return { kind: 'bytes', values: values.flatMap(value => value.bytes ?? []) };
    if (list.number === 2)
      return { kind: 'float', values: values.flatMap(value => floats(value.bytes ?? value.fixed)) };
    if (list.number === 3) {
      return {
        kind: 'int',
        values: values.flatMap(value =>
          value.bytes ? new Reader(value.bytes).varints() : [signed(value.varint ?? 0n)],
        ),
      };
    }
  }
  return undefined;
}

function floats(bytes: Uint8Array | undefined): number[] {
  if (!bytes || bytes.length % 4 !== 0) throw new RangeError('a list of floats is cut short');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));

interface Field {
  number: number;
  /** of a length-delimited field */
  bytes?: Uint8Array;
  varint?: bigint;
  /** of a fixed field, 4 or 8 bytes */
  fixed?: Uint8Array;
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  *fields(): Generator<Field> {
    while (this.at < this.bytes.length) {
      const tag = Number(this.varint());
      const number = tag >>> 3;
      switch (tag & 7) {
        case VARINT:
          yield { number, varint: this.varint() };
          break;
        case FIXED64:
          yield { number, fixed: this.take(8) };
          break;
        case LENGTH:
          yield { number, bytes: this.take(Number(this.varint())) };
          break;
        case FIXED32:
          yield { number, fixed: this.take(4) };
          break;
        default:
          throw new RangeError(`field ${number} has the unknown wire type ${tag & 7}`);
      }
    }
  }

  varints(): number[] {
    const values: number[] = [];
    while (this.at < this.bytes.length) values.push(signed(this.varint()));
    return values;
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new RangeError('the message is cut short');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number is longer than 64 bits');
  }

  private take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError('the message is cut short');
    const out = this.bytes.subarray(this.at, end);
    this.at = end;
    return out;
  }
}
