import { describe, expect, it } from 'vitest';
import { ulids } from '../../src/core/ulid';

describe('ulids', () => {
  it('spell time and randomness as the specification says', () => {
    expect(ulids(() => 0, bytes => bytes.fill(0))()).toBe('0'.repeat(26)); // prettier-ignore
    // The specification's own example of a time part.
    expect(ulids(() => 1469918176385, bytes => bytes.fill(255))()).toBe('01ARYZ6S41' + 'Z'.repeat(16)); // prettier-ignore
    const random = Uint8Array.from([0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23]);
    // 0x0123456789abcdef0123 in groups of five bits.
    const bits = [...random].map(byte => byte.toString(2).padStart(8, '0')).join('');
    const expected = (bits.match(/.{5}/g) ?? []).map(group => '0123456789ABCDEFGHJKMNPQRSTVWXYZ'[parseInt(group, 2)]);
    expect(ulids(() => 0, bytes => bytes.set(random))().slice(10)).toBe(expected.join('')); // prettier-ignore
  });

  it('sort in the order they were made, within a millisecond and when the clock steps back', () => {
    const times = [5, 5, 5, 3, 6, 6, 1];
    let i = 0;
    const next = ulids(
      () => times[i++],
      bytes => bytes.fill(7),
    );
    const made = times.map(next);
    expect([...made].sort()).toEqual(made);
    expect(new Set(made).size).toBe(made.length);
  });

  it('go on into the next millisecond when the random part is used up', () => {
    const next = ulids(
      () => 1,
      bytes => bytes.fill(255),
    );
    const [first, second] = [next(), next()];
    expect(second > first).toBe(true);
    expect(second.slice(0, 10)).toBe('0000000002');
  });
});
