/**
 * The TFRecord container: for each record its length (uint64, little endian), the masked CRC-32C of those 8 bytes, the
 * data, and the masked CRC-32C of the data (tensorflow/core/lib/io/record_writer.h).
 */

const TABLE = new Uint32Array(256).map((_, i) => {
  let c = i;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** CRC-32C (Castagnoli polynomial, reflected: RFC 3720). */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  // an indexed loop: this runs over every byte of every record
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A CRC as TFRecord stores it: rotated right by 15 bits, plus a constant, so that a CRC of data that holds CRCs stays sound. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** One record with its frame. */
export function frame(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(out.subarray(0, 8)), true);
  out.set(data, 12);
  view.setUint32(12 + data.length, maskedCrc32c(data), true);
  return out;
}

/** A frame that is cut short or whose checksum is wrong. */
export class FrameError extends Error {
  constructor(
    /** from 1 */
    readonly record: number,
    message: string,
  ) {
    super(message);
    this.name = 'FrameError';
  }
}

const LARGEST = 2 ** 30;

/**
 * The records of a stream of bytes, however it is cut into chunks.
 * @throws FrameError on a wrong checksum or a torn end
 */
export async function* unframe(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = new Uint8Array(0);
  let record = 1;
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let at = 0;
    const view = new DataView(bytes.buffer);
    while (bytes.length - at >= 12) {
      if (view.getUint32(at + 8, true) !== maskedCrc32c(bytes.subarray(at, at + 8)))
        throw new FrameError(record, 'the checksum of its length is wrong');
      const length = Number(view.getBigUint64(at, true));
      if (length > LARGEST) throw new FrameError(record, `it claims ${length} bytes`);
      if (bytes.length - at < length + 16) break;
      const data = bytes.subarray(at + 12, at + 12 + length);
      if (view.getUint32(at + 12 + length, true) !== maskedCrc32c(data))
        throw new FrameError(record, 'the checksum of its data is wrong');
      yield data;
      record++;
      at += length + 16;
    }
    rest = bytes.slice(at);
  }
  if (rest.length > 0) throw new FrameError(record, 'the file ends in the middle of it');
}
