import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import cases from './cases.json';

const tests = path.resolve(import.meta.dirname, '..');
const original = path.resolve(tests, '../../shared/reference/cases.json');

/** Names under which the file keeps a value to check against, groups of them taken apart. */
function namesOf(group: object): string[] {
  return Object.entries(group).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? [name, ...namesOf(value)] : [name],
  );
}

/** The tests that read the cases, this one left out. */
function readers(): string[] {
  return readdirSync(tests, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.test.ts') && path.resolve(tests, name) !== import.meta.filename)
    .map(name => readFileSync(path.join(tests, name), 'utf8'))
    .filter(text => text.includes('cases.json'));
}

describe('the reference cases', () => {
  it('are all used by some test', () => {
    const texts = readers();
    expect(texts.length).toBeGreaterThan(1);
    const isUsed = (name: string) =>
      texts.some(
        text => text.includes(`.${name}`) || text.includes(`'${name}'`) || new RegExp(`[{,] ?${name}\\b`).test(text),
      );
    const names = namesOf(cases);
    expect(names).toContain('pos_pairs');
    expect(names.filter(name => !isUsed(name))).toEqual([]);
    expect(isUsed('a_case_that_is_none')).toBe(false);
  });

  it.skipIf(!existsSync(original))('are those of the reference, none left out', () => {
    expect(cases).toEqual(JSON.parse(readFileSync(original, 'utf8')));
  });
});
