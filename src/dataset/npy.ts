/** The `.npy` format, version 1.0: as much of it as a growing array of rows needs. */

export type NpyType = 'f4' | 'u1';

const MAGIC = '\x93NUMPY\x01\x00';
/** The header has one size whatever the number of rows, so that it can be rewritten in place as rows are added. */
export const NPY_HEADER_BYTES = 192;

/** The header of a C-ordered little-endian array of the given shape, `NPY_HEADER_BYTES` long. */
export function npyHeader(type: NpyType, shape: readonly number[]): Buffer {
  const descr = type === 'f4' ? '<f4' : '|u1';
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const room = NPY_HEADER_BYTES - MAGIC.length - 2;
  const header = Buffer.alloc(NPY_HEADER_BYTES, ' ');
  header.write(MAGIC, 0, 'latin1');
  header.writeUInt16LE(room, MAGIC.length);
  header.write(text, MAGIC.length + 2, 'latin1');
  header.write('\n', NPY_HEADER_BYTES - 1, 'latin1');
  return header;
}

/** Reads a header made by `npyHeader` or by numpy (format 1.0); undefined where it is none or of another kind. */
export function parseNpyHeader(bytes: Uint8Array): { type: NpyType; shape: number[]; dataStart: number } | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (head.length < 10 || head.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const dataStart = MAGIC.length + 2 + head.readUInt16LE(MAGIC.length);
  const text = head.toString('latin1', MAGIC.length + 2, dataStart);
  const descr = /'descr': '(<f4|\|u1)'/.exec(text)?.[1];
  const shape = /'shape': \(([\d, ]*)\)/.exec(text)?.[1];
  if (descr === undefined || shape === undefined || !text.includes("'fortran_order': False")) return undefined;
  const dimensions = shape.split(',').map(part => part.trim()).filter(part => part !== '').map(Number); // prettier-ignore
  return { type: descr === '<f4' ? 'f4' : 'u1', shape: dimensions, dataStart };
}
