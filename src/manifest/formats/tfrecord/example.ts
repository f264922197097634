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
  /** text is stored as its UTF-8 bytes, and read back as bytes */
  | { kind: 'bytes'; values: (Uint8Array | string)[] }
  | { kind: 'float'; values: number[] }
  | { kind: 'int'; values: number[] };

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

const LISTS = { bytes: 1, float: 2, int: 3 } as const;

/** Encodes features in the order of the map. Integers must be safe integers. */
export function encodeExample(features: ReadonlyMap<string, Feature>): Uint8Array {
  // lengths come before contents, so sizes are worked out from the inside first, then everything is written once
  const sizes: { key: number; list: number; feature: number; entry: number }[] = [];
  let body = 0;
  for (const [name, feature] of features) {
    const key = Buffer.byteLength(name);
    const list = listSize(feature);
    const inner = delimited(list);
    const entry = delimited(key) + delimited(inner);
    sizes.push({ key, list, feature: inner, entry });
    body += delimited(entry);
  }
  const writer = new Writer(Buffer.allocUnsafe(delimited(body)));
  writer.head(1, body);
  let i = 0;
  for (const [name, feature] of features) {
    const size = sizes[i++]!;
    writer.head(1, size.entry);
    writer.head(1, size.key);
    writer.text(name);
    writer.head(2, size.feature);
    writer.head(LISTS[feature.kind], size.list);
    writer.list(feature);
  }
  return writer.bytes;
}

/** Bytes of a length-delimited field with a one-byte tag. */
const delimited = (length: number): number => 1 + varintSize(length) + length;

const lengthOf = (value: Uint8Array | string): number =>
  typeof value === 'string' ? Buffer.byteLength(value) : value.length;

function listSize(feature: Feature): number {
  let size = 0;
  if (feature.kind === 'bytes') for (const value of feature.values) size += delimited(lengthOf(value));
  else size = delimited(packedSize(feature));
  return size;
}

function packedSize(feature: { kind: 'float' | 'int'; values: number[] }): number {
  if (feature.kind === 'float') return 4 * feature.values.length;
  return feature.values.reduce((sum, value) => sum + varintSize(value), 0);
}

/** Negative numbers are written as 64-bit two's complement: ten bytes. */
function varintSize(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

class Writer {
  private at = 0;

  constructor(readonly bytes: Buffer) {}

  /** The tag and length of a field. */
  head(field: number, length: number): void {
    this.bytes[this.at++] = (field << 3) | LENGTH;
    this.varint(length);
  }

  text(value: string): void {
    this.at += this.bytes.write(value, this.at, 'utf8');
  }

  list(feature: Feature): void {
    if (feature.kind === 'bytes') {
      for (const value of feature.values) {
        this.head(1, lengthOf(value));
        if (typeof value === 'string') this.text(value);
        else {
          this.bytes.set(value, this.at);
          this.at += value.length;
        }
      }
      return;
    }
    this.head(1, packedSize(feature));
    for (const value of feature.values) {
      if (feature.kind === 'float') this.at = this.bytes.writeFloatLE(value, this.at);
      else this.varint(value);
    }
  }

  private varint(value: number): void {
    if (value < 0) {
      for (let rest = BigInt.asUintN(64, BigInt(value)); rest > 0n; rest >>= 7n)
        this.bytes[this.at++] = Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0);
      return;
    }
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.bytes[this.at++] = (rest % 0x80) | 0x80;
    this.bytes[this.at++] = rest;
  }
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
