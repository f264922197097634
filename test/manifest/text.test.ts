import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRecord, parseCsv, readCsv } from '../../src/manifest/csv';
import { python } from '../../src/manifest/formats/snippets';
import { describeConvention, labelOf, relationOf } from '../../src/manifest/labels';
import { isAbsolutePath, joined, normalized, portablePath, relativePath } from '../../src/manifest/paths';
import { NASTY_PATHS } from './support/folder';

describe('CSV', () => {
  const cell = fc.oneof(
    fc.string(),
    fc.constantFrom('', 'a,b', '"', '""', '\n', '\r\n', ' x ', 'é,"\n日本', ...NASTY_PATHS),
    fc.constant(null),
  );

  it('gives back what was written, however the text is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        async (rows, size) => {
          const text = rows.map(csvRecord).join('');
          expect(parseCsv(text).map(record => record.values)).toEqual(rows);
          const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
            text.slice(i * size, (i + 1) * size),
          );
          const read = [];
          for await (const record of readCsv(pieces)) read.push(record.values);
          expect(read).toEqual(rows);
        },
      ),
    );
  });

  it('reads what others write: any line end, blank lines, a byte-order mark, no last line end', () => {
    expect(parseCsv('\ufeffa,b\r\n\r\n1,"x\r\ny"\r2,')).toEqual([
      { line: 1, values: ['a', 'b'] },
      { line: 3, values: ['1', 'x\r\ny'] },
      { line: 5, values: ['2', null] },
    ]);
  });

  it('says where it is broken', () => {
    expect(() => parseCsv('a,b\n1,"x\n\n')).toThrow(expect.objectContaining({ line: 2 }));
    expect(() => parseCsv('a\n"x"y\n')).toThrow(expect.objectContaining({ line: 2 }));
  });
});

describe('labels', () => {
  it('are numbers by convention, and back; the third word has none', () => {
    expect([labelOf('same', 'one-is-same'), labelOf('different', 'one-is-same')]).toEqual([1, 0]);
    expect([labelOf('same', 'one-is-different'), labelOf('different', 'one-is-different')]).toEqual([0, 1]);
    for (const convention of ['one-is-same', 'one-is-different'] as const) {
      expect(labelOf('incomparable', convention)).toBe(null);
      expect(labelOf(null, convention)).toBe(null);
      for (const relation of ['same', 'different'] as const)
        expect(relationOf(labelOf(relation, convention)!, convention)).toBe(relation);
      expect([relationOf(2, convention), relationOf(NaN, convention), relationOf(0.5, convention)]).toEqual([
        null,
        null,
        null,
      ]);
      expect(describeConvention(convention)).toContain(`${labelOf('same', convention)!} = same`);
    }
  });
});

describe('paths', () => {
  it.each([
    ['/a/b', '/a/b/c/d.jpg', 'c/d.jpg'],
    ['/a/b', '/a/x.jpg', '../x.jpg'],
    ['/a', '/a', '.'],
    ['C:\\data\\out', 'c:\\Data\\in\\x.jpg', '../in/x.jpg'],
    ['C:/data/out', 'D:/in/x.jpg', null],
    ['\\\\nas\\share\\out', '\\\\nas\\share\\in\\x.jpg', '../in/x.jpg'],
    ['\\\\nas\\one\\out', '\\\\nas\\two\\in', null],
    ['/A', '/a/x', '../a/x'],
    ['/a', '/a/back\\slash.png', 'back\\slash.png'],
  ])('from %s to %s is %s', (from, to, path) => {
    expect(relativePath(from, to)).toBe(path);
  });

  it('lead where they say', () => {
    const names = fc.array(fc.constantFrom('a', 'b', 'c', '日本'), { maxLength: 4 });
    fc.assert(
      fc.property(names, names, fc.constantFrom('/', 'C:/'), (x, y, root) => {
        const from = root + x.join('/');
        const to = root + y.join('/');
        expect(joined(from, relativePath(from, to)!)).toBe(normalized(to));
      }),
    );
  });

  it('know a root when they see one', () => {
    expect(['/a', 'C:\\a', 'c:/a', '\\\\nas\\a'].map(isAbsolutePath)).toEqual([true, true, true, true]);
    expect(['a/b', 'C:', '..', 'c:a', '\\a'].map(isAbsolutePath)).toEqual([false, false, false, false, false]);
  });

  it('are made portable by the hash where a system could not store or would confuse them', () => {
    const hash = `sha256:${'ab'.repeat(32)}` as const;
    const taken = new Set<string>();
    const fine = ['cats/1.jpg', 'ünï/日本語 🦊.png', "it's, [fine] {too} #%41+=.png", '-dash/x.png'];
    expect(fine.map(path => portablePath(path, hash, taken))).toEqual(fine);
    const odd = [
      'CATS/1.JPG',
      'a:b.png',
      'a\\b.png',
      'x/con.txt',
      'x/.hidden.png',
      'end./x.png',
      'x/e\u0301.png',
      `${'n'.repeat(150)}.png`,
      'what?.png',
    ];
    for (const path of odd) expect(portablePath(path, hash, taken), path).toMatch(/^by-hash\/(ab){32}(\.\w+)?$/u);
  });
});

describe('Python strings', () => {
  it('hold any path as plain ASCII', () => {
    expect(python('a "b" \\ \n é 🦊')).toBe('"a \\"b\\" \\\\ \\u000a \\u00e9 \\U0001f98a"');
  });
});
