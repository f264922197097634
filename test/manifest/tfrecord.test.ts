import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeExample, encodeExample, type Feature } from '../../src/manifest/formats/tfrecord/example';
import { crc32c, frame, FrameError, maskedCrc32c, unframe } from '../../src/manifest/formats/tfrecord/framing';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8');

async function* cut(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < data.length; i += size) yield await Promise.resolve(data.subarray(i, i + size));
}

async function all(chunks: AsyncIterable<Uint8Array>): Promise<string[]> {
  const out: string[] = [];
  for await (const record of unframe(chunks)) out.push(Buffer.from(record).toString('hex'));
  return out;
}

describe('CRC-32C', () => {
  it('agrees with the vectors of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(bytes('123456789'))).toBe(0xe3069283);
  });

  it('is masked as the record writer masks it', () => {
    const crc = crc32c(bytes('foo'));
    expect(maskedCrc32c(bytes('foo'))).toBe(
      Number((((BigInt(crc) >> 15n) | (BigInt(crc) << 17n)) + 0xa282ead8n) & 0xffffffffn),
    );
  });
});

describe('records', () => {
  it('come back whole, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 50 }),
        async (records, size) => {
          const file = Buffer.concat(records.map(frame));
          expect(await all(cut(file, size))).toEqual(records.map(record => Buffer.from(record).toString('hex')));
        },
      ),
    );
  });

  it('say which one is damaged', async () => {
    const file = Buffer.concat([frame(bytes('one')), frame(bytes('two'))]);
    const torn = all(cut(file.subarray(0, -3), 7));
    await expect(torn).rejects.toThrow(FrameError);
    await expect(torn).rejects.toMatchObject({ record: 2 });
    for (const place of [0, 9, 12, 16]) {
      const wrong = Buffer.from(file);
      wrong[place]! ^= 1;
      await expect(all(cut(wrong, 100)), `byte ${place}`).rejects.toMatchObject({ record: 1 });
    }
  });
});

describe('Example', () => {
  it('is, byte for byte, what protobuf makes of one', () => {
    // {"a": bytes "xy", "n": int64 300, -1; "f": float 1.5}
    const example = encodeExample(
      new Map<string, Feature>([
        ['a', { kind: 'bytes', values: ['xy'] }],
        ['n', { kind: 'int', values: [300, -1] }],
        ['f', { kind: 'float', values: [1.5] }],
      ]),
    );
    const entry = (key: string, value: string): string => {
      const inner = `0a01${Buffer.from(key).toString('hex')}12${(value.length / 2).toString(16).padStart(2, '0')}${value}`;
      return `0a${(inner.length / 2).toString(16).padStart(2, '0')}${inner}`;
    };
    const body =
      entry('a', '0a040a027879') + entry('n', '1a0e0a0cac02ffffffffffffffffff01') + entry('f', '12060a040000c03f');
    expect(Buffer.from(example).toString('hex')).toBe(`0a${(body.length / 2).toString(16)}${body}`);
  });

  it('comes back', () => {
    const feature = fc.oneof(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }).map(values => ({ kind: 'bytes' as const, values })),
      fc.array(fc.maxSafeInteger(), { maxLength: 4 }).map(values => ({ kind: 'int' as const, values })),
      fc.array(fc.float({ noNaN: true }), { maxLength: 4 }).map(values => ({ kind: 'float' as const, values })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), feature), { maxLength: 5 }), entries => {
        const features = new Map<string, Feature>(entries);
        const back = decodeExample(encodeExample(features));
        const plain = (map: Map<string, Feature>): unknown =>
          [...map].map(([name, { kind, values }]) => [
            name,
            kind,
            values.map(value => (typeof value === 'object' ? Buffer.from(value).toString('hex') : value)),
          ]);
        expect(plain(back)).toEqual(plain(features));
      }),
    );
  });

  it('refuses what is cut short', () => {
    const example = encodeExample(new Map<string, Feature>([['a', { kind: 'bytes', values: ['something'] }]]));
    for (let end = 1; end < example.length; end++)
      expect(() => decodeExample(example.subarray(0, end))).toThrow(RangeError);
  });
});
