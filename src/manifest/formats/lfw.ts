import { existsSync } from 'node:fs';
import path from 'node:path';
import { sampleIndices, seeded } from '../../core/splits';
import type { ImageHash } from '../../core/types';
import { CsvError, csvRecord, readCsv } from '../csv';
import { agrees, identitiesOf, type Identity } from '../identity';
import type { TextFile } from '../output';
import { asHash, type Mention, type ReadRow } from '../schema';
import type { ImageRef, PairRow, Part } from '../types';
import type { ManifestFormat, WriteRequest } from './format';
import { linesOf, malformed, textOf } from './read';
import { sideFile, withSide } from './sideFile';
import { python } from './snippets';

const TREE = 'lfw';
const NAMES = 'lfw-names.csv';
const DEV = { train: 'pairsDevTrain.txt', validation: 'pairsDevValidation.txt', test: 'pairsDevTest.txt' };

/**
 * Labeled Faces in the Wild: `pairs.txt` (tab separated) over a tree `lfw/<name>/<name>_%04d.jpg`. A name is an identity
 * (see `identitiesOf`), so a pair is `same` just when it stays within a name; rows that no naming can express are left
 * out. Each fold has as many `same` as `different` pairs. Every image ends in `.jpg`, as the readers expect, whatever its
 * bytes are.
 */
export const lfw: ManifestFormat = {
  id: 'lfw',
  title: 'LFW pairs.txt',
  shapes: ['pairs'],
  convention: 'by-place',
  labelColumn: null,
  provenance: 'side-file',
  images: 'copy',
  paths: 'manifest',
  placesImages: true,

  write(request) {
    const { parts, layout } = request;
    const identities = identitiesOf(parts);
    const leftOut: Record<string, number> = {};
    const names = nameAll(identities.all);
    const numbers = new Map<ImageHash, { name: string; number: number }>();
    const listed: { file: string; image: ImageRef }[] = [];
    for (const [i, identity] of identities.all.entries()) {
      for (const [j, image] of identity.images.entries()) {
        const at = { name: names[i]!, number: j + 1 };
        numbers.set(image.hash, at);
        const file = `${TREE}/${fileOf(at.name, at.number)}`;
        layout.place(image, file, TREE);
        listed.push({ file, image });
      }
    }
    const balanced = balance(request, row => agrees(row, identities), leftOut);
    const count = balanced[0]!.same.length;
    const rowsOf = ({ same, different }: Balanced): PairRow[] => [...same, ...different];
    const block = ({ same, different }: Balanced): string[] => [
      ...same.map(row => {
        const [x, y] = [numbers.get(row.a.hash)!, numbers.get(row.b.hash)!];
        return `${x.name}\t${x.number}\t${y.number}\n`;
      }),
      ...different.map(row => {
        const [x, y] = [numbers.get(row.a.hash)!, numbers.get(row.b.hash)!];
        return `${x.name}\t${x.number}\t${y.name}\t${y.number}\n`;
      }),
    ];
    const files: TextFile[] = [];
    const dev = parts.some(part => part.name in DEV);
    if (dev) {
      for (const [i, part] of parts.entries()) {
        const content = [`${balanced[i]!.same.length}\n`, ...block(balanced[i]!)];
        const name = fileName(request, DEV[part.name as keyof typeof DEV]);
        files.push({ name, rows: content.length - 1, content }, sideFile(name, 'pairs', parts, rowsOf(balanced[i]!)));
      }
    } else {
      const content = [`${parts.length}\t${count}\n`, ...balanced.flatMap(block)];
      const name = fileName(request, 'pairs.txt');
      files.push({ name, rows: content.length - 1, content }, sideFile(name, 'pairs', parts, balanced.flatMap(rowsOf)));
    }
    files.push({
      name: NAMES,
      rows: 0,
      side: true,
      content: [
        csvRecord(['file', 'hash', 'class', 'original']),
        ...listed.map(({ file, image }) => csvRecord([file, image.hash, image.class ?? null, image.path])),
      ],
    });
    const notes = [`${NAMES} says which image became which file.`];
    if (layout.choice.images === 'leave')
      notes.push(`The images were not copied: readers need the tree that ${NAMES} lists.`);
    return { files, notes, leftOut, kept: parts.map((part, i) => ({ name: part.name, rows: rowsOf(balanced[i]!) })) };
  },

  snippets(_request, { files }) {
    return [
      {
        reader: 'Python',
        needs: ['pillow'],
        code: [
          `path = lambda name, number: f"${TREE}/{name}/{name}_{int(number):04d}.jpg"`,
          `rows = [line.rstrip("\\n").split("\\t") for line in open(${python(files[0]!.name)}, encoding="utf-8")][1:]`,
          'pairs = [(path(r[0], r[1]), path(r[-2] if len(r) == 4 else r[0], r[-1]), len(r) == 3) for r in rows]',
        ],
      },
    ];
  },

  claims: (name, head) =>
    /pairs[^/\\]*\.txt$/iu.test(name) && /^\d+(\t\d+)?\r?\n[^\t\n]+\t\d+\t(\d+|[^\t\n]+\t\d+)\r?\n/u.test(head),

  read: (file, signal) => withSide(file, readGroups(file, signal), signal),
};

async function* readGroups(file: string, signal?: AbortSignal): AsyncGenerator<ReadRow[]> {
  const known = await readNames(path.join(path.dirname(file), NAMES), signal);
  const mention = (name: string, number: string): Mention => {
    const plain = fileOf(name, Number(number));
    return known.get(`${TREE}/${plain}`) ?? { path: plain };
  };
  for await (const { line, text } of linesOf(file, signal)) {
    const fields = text.split('\t');
    if (line === 1 || text.trim() === '') continue;
    const [name, i, other, j] = fields as [string, string, string, string | undefined];
    const numbers = fields.length === 3 ? [i, other] : [i, j];
    if ((fields.length !== 3 && fields.length !== 4) || numbers.some(n => !/^\d+$/u.test(n ?? '')))
      throw malformed(file, line, 'expected "name, i, j" or "name, i, other name, j", separated by tabs');
    const images =
      fields.length === 3 ? [mention(name, i), mention(name, other)] : [mention(name, i), mention(other, j!)];
    yield [{ line, kind: 'pair', images, relation: fields.length === 3 ? 'same' : 'different', provenance: {} }];
  }
}

interface Balanced {
  same: PairRow[];
  different: PairRow[];
}

/** As many `same` as `different` pairs in each part, and in all folds alike; a seeded sample of what there is more of. */
function balance(
  { parts, seed }: WriteRequest,
  fits: (row: PairRow) => boolean,
  leftOut: Record<string, number>,
): Balanced[] {
  const drop = (why: string, n: number): void => void (n > 0 && (leftOut[why] = (leftOut[why] ?? 0) + n));
  const all = parts.map((part): Balanced => {
    const pairs = part.rows.filter(row => row.kind === 'pair');
    const judged = pairs.filter(row => row.relation === 'same' || row.relation === 'different');
    const expressible = judged.filter(fits);
    drop('not judged, or nobody can tell', pairs.length - judged.length);
    drop('contradict the other rows, so that no naming can express them', judged.length - expressible.length);
    return {
      same: expressible.filter(row => row.relation === 'same'),
      different: expressible.filter(row => row.relation === 'different'),
    };
  });
  const most = ({ same, different }: Balanced): number => Math.min(same.length, different.length);
  const inFolds = Math.min(...all.map(most));
  return all.map((rows, i) => {
    const count = isDev(parts) ? most(rows) : inFolds;
    const take = (list: PairRow[], purpose: string): PairRow[] => {
      drop('more than the other relation has, and LFW wants as many of each', list.length - count);
      const random = seeded(seed, `lfw ${purpose} ${parts[i]!.name}`);
      return sampleIndices(list.length, count, random).map(index => list[index]!);
    };
    return { same: take(rows.same, 'same'), different: take(rows.different, 'different') };
  });
}

const isDev = (parts: readonly Part[]): boolean => parts.some(part => part.name in DEV);

/** `garments-` before the name that readers expect, where a file was named. */
function fileName({ parts, stem }: WriteRequest, name: string): string {
  const first = parts[0]!;
  const given = stem(first);
  if (given === first.name) return name;
  const prefix = given.endsWith(`-${first.name}`) ? given.slice(0, -first.name.length - 1) : given;
  return `${prefix}.${name}`;
}

const fileOf = (name: string, number: number): string => `${name}/${name}_${String(number).padStart(4, '0')}.jpg`;

/** A name for each identity: its class in letters, digits and underscores, numbered where that is taken. */
function nameAll(identities: readonly Identity[]): string[] {
  const taken = new Set<string>();
  return identities.map(identity => {
    const plain =
      (identity.class ?? '')
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .replace(/[^A-Za-z0-9]+/gu, '_')
        .replace(/^_+|_+$/gu, '')
        .slice(0, 60) || 'identity';
    let name = plain;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${plain}_${n}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

async function readNames(file: string, signal?: AbortSignal): Promise<Map<string, Mention>> {
  const names = new Map<string, Mention>();
  if (!existsSync(file)) return names;
  try {
    for await (const { values } of readCsv(textOf(file, signal))) {
      const [name, hash, , original] = values;
      if (name && original) names.set(name, { path: original, hash: asHash(hash) });
    }
  } catch (error) {
    throw error instanceof CsvError ? malformed(file, error.line, error.message, error) : error;
  }
  return names;
}
