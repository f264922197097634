import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildRows, type ExportRequest, type ExportResult, type RowData } from '../../../src/manifest';
import { columnsFor } from '../../../src/manifest/schema';
import { imagesOf, type PairRow, type Row } from '../../../src/manifest/types';
import { dataSet, temporaryFolder } from '../../support/data';
import { exported } from '../support/exported';
import { DATA, image, IMAGES, known, NASTY_PATHS, writeImages } from '../support/folder';
import { has, type Job, PYTHON, runPython, snippetIn } from './environment';

/** The libraries that manifests are for, reading them with the very lines that the card gives. */

if (!PYTHON) console.log('Python readers: skipped; run `node scripts/python-readers.mjs --run`');

const SETTINGS = { from: ['answers', 'implied', 'classes', 'mined'], split: [0.6, 0.4], limit: 40, seed: 7 } as const;

let root: string;
let folder: string;
beforeAll(() => {
  root = temporaryFolder('margin-readers-');
  folder = path.join(root, 'pictures');
  writeImages(folder, IMAGES);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface Case {
  result: ExportResult;
  rows: readonly Row[];
  job: (reader: string, probe: string) => Job;
}

/** Exports, and works out beside it which rows the first part must hold. */
async function make(
  format: string,
  shape: 'pairs' | 'triplets',
  more: Partial<ExportRequest> = {},
  data: RowData = DATA,
): Promise<Case> {
  const out = path.join(root, `${format}-${shape}-${data === DATA ? 'plain' : 'nasty'}-${more.images ?? ''}`);
  const choice = { ...SETTINGS, ...more, format, shape, data };
  const result = await exported({ ...choice, folder: more.folder ?? folder, out });
  const { rows } = buildRows(data, choice).parts[0]!;
  return {
    result,
    rows,
    job: (reader, probe) => ({ folder: out, code: snippetIn(result.cardText, reader), probe }),
  };
}

const isLabelled = (row: Row): boolean =>
  row.kind === 'triplet' || row.relation === 'same' || row.relation === 'different';

/** Every odd name, each the same as a twin and different from its neighbour. */
function nasty(): RowData {
  const images = NASTY_PATHS.map((at, i) => image(at, 100 + i));
  const twins = images.map((_, i) => image(`twins/${i}.png`, 500 + i));
  return {
    images: [...images, ...twins],
    answers: images.flatMap((one, i) => [
      known(one, images[(i + 1) % images.length]!, 'different'),
      known(one, twins[i]!, 'same'),
    ]),
    implied: [],
    mined: [],
  };
}

const WORDS_PROBE = `
frame = rows if hasattr(rows, "iloc") else rows.to_pandas()
frame = frame.astype(object).where(frame.notna(), None)
result = {"columns": list(frame.columns), "rows": [[v.item() if hasattr(v, "item") else v for v in row] for row in frame.values.tolist()]}
`;

describe.skipIf(!has('pandas', 'pyarrow', 'datasets', 'PIL'))('pandas, pyarrow and datasets', () => {
  const READERS = { jsonl: ['pandas', 'datasets'], csv: ['pandas'], parquet: ['pandas', 'pyarrow', 'datasets'] };

  it.each(['plain', 'nasty'])('load every value of JSON lines, CSV and Parquet (%s names)', async kind => {
    const data = kind === 'plain' ? DATA : nasty();
    const jobs: Job[] = [];
    const expected: { columns: string[]; rows: unknown[][] }[] = [];
    for (const [format, readers] of Object.entries(READERS)) {
      for (const shape of ['pairs', 'triplets'] as const) {
        const more = kind === 'plain' ? {} : { split: [] };
        const { rows, job } = await make(format, shape, more, data);
        const all = buildRows(data, { ...SETTINGS, ...more, shape }).parts;
        const columns = columnsFor(shape, all);
        for (const reader of readers) {
          jobs.push(job(reader, WORDS_PROBE));
          expected.push({
            columns: columns.map(column => column.name),
            rows: rows.map(row => columns.map(column => column.get(row, one => one.path))),
          });
        }
      }
    }
    const loaded = (await runPython(jobs)) as typeof expected;
    for (const [i, table] of loaded.entries()) {
      expect(table.columns, jobs[i]!.code).toEqual(expected[i]!.columns);
      // an absent text is an empty one to a reader that was told to keep all text
      const tidy = (rows: unknown[][]): unknown[][] => rows.map(row => row.map(value => (value === '' ? null : value)));
      expect(tidy(table.rows), jobs[i]!.code).toEqual(tidy(expected[i]!.rows));
    }
  });

  const PICTURES = (columns: string[]): string => `
result = {
    "columns": rows.column_names,
    "rows": [[row[c].convert("RGB").getpixel((0, 0)) if c in ${JSON.stringify(columns)} else row[c] for c in rows.column_names] for row in rows],
}
`;
  /** the pixel that an image of the fixture is made of */
  const pixelOf = (hash: string): number[] => {
    const bytes = IMAGES.find(one => one.hash === hash)!.bytes;
    return [bytes[56]!, bytes[55]!, bytes[54]!];
  };

  it.each([
    ['imagefolder', 'copy'],
    ['imagefolder', 'link'],
    ['imagefolder', 'leave'],
    ['sentence-transformers', 'leave'],
    ['sentence-transformers', 'copy'],
  ] as const)('open the pictures of %s (%s)', async (format, images) => {
    const reader = format === 'imagefolder' ? 'datasets' : format;
    const jobs: Job[] = [];
    const expected: unknown[] = [];
    for (const shape of ['pairs', 'triplets'] as const) {
      const { rows, job } = await make(format, shape, { images });
      const pairs = format === 'imagefolder' ? ['a', 'b'] : ['sentence1', 'sentence2'];
      const columns = shape === 'pairs' ? pairs : ['anchor', 'positive', 'negative'];
      jobs.push(job(reader, PICTURES(columns)));
      expected.push(
        rows
          .filter(isLabelled)
          .map(row => [
            ...imagesOf(row).map(one => pixelOf(one.hash)),
            ...(row.kind === 'pair' ? [row.relation === 'same' ? 1 : 0] : []),
          ]),
      );
    }
    const loaded = (await runPython(jobs)) as { columns: string[]; rows: unknown[][] }[];
    const names = { pairs: format === 'imagefolder' ? ['a', 'b', 'label'] : ['sentence1', 'sentence2', 'label'] };
    for (const [i, { columns, rows }] of loaded.entries()) {
      const wanted = i === 0 ? names.pairs : ['anchor', 'positive', 'negative'];
      expect([...columns].sort()).toEqual([...wanted].sort());
      expect(rows.map(row => wanted.map(name => row[columns.indexOf(name)]))).toEqual(expected[i]);
    }
    // by position is how sentence-transformers reads
    if (format === 'sentence-transformers')
      expect(loaded.map(one => one.columns)).toEqual([names.pairs, ['anchor', 'positive', 'negative']]);
  });

  const names = dataSet('nasty-names-dev');
  it.skipIf(!names)('open pictures whose names are hostile, once they are copied', async () => {
    const source = path.join(root, 'hostile');
    cpSync(path.join(names!, 'names', 'odd'), source, { recursive: true });
    const { readdirSync, readFileSync } = await import('node:fs');
    const { createHash } = await import('node:crypto');
    const images = readdirSync(source).map(name => ({
      path: name,
      hash: `sha256:${createHash('sha256')
        .update(readFileSync(path.join(source, name)))
        .digest('hex')}` as const,
    }));
    const distinct = [...new Map(images.map(one => [one.hash, one])).values()];
    expect(distinct.length).toBeGreaterThan(15);
    const data: RowData = {
      images: distinct,
      answers: distinct.slice(1).map((one, i) => known(distinct[i]!, one, i % 2 ? 'same' : 'different')),
      implied: [],
      mined: [],
    };
    const { job } = await make('imagefolder', 'pairs', { folder: source, split: [], images: 'copy' }, data);
    const [loaded] = (await runPython([job('datasets', PICTURES(['a', 'b']))])) as { rows: unknown[] }[];
    expect(loaded!.rows.length).toBe(distinct.length - 1);
  });

  it('read the tree of LFW', async () => {
    const { result, job } = await make('lfw', 'pairs');
    const probe =
      'from PIL import Image\nresult = [[list(Image.open(p).convert("RGB").getpixel((0, 0))) for p in pair[:2]] + [pair[2]] for pair in pairs]';
    const [pairs] = (await runPython([job('Python', probe)])) as [[number[], number[], boolean][]];
    const part = result.preview.filter(one => one.part === 'train');
    expect(pairs.length).toBe(result.counts['rows.train']);
    for (const [i, { row }] of part.entries()) {
      const pair = row as PairRow;
      expect(pairs[i]).toEqual([pixelOf(pair.a.hash), pixelOf(pair.b.hash), pair.relation === 'same']);
    }
  });
});

describe.skipIf(!has('sentence_transformers', 'accelerate', 'datasets'))('sentence-transformers', () => {
  it('trains on what was exported: one step of the loss that each shape is for', { timeout: 180_000 }, async () => {
    // a bag of letters stands for the image model: what is tested is the reading, the columns and the label
    const probe = (loss: string): string => `
from datasets import Value
from tokenizers import Tokenizer, models, pre_tokenizers
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer import losses
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
letters = {chr(i): i for i in range(128)} | {"[UNK]": 128}
tokenizer = Tokenizer(models.WordLevel(letters, unk_token="[UNK]"))
tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
model = SentenceTransformer(modules=[StaticEmbedding(tokenizer, embedding_dim=4)], device="cpu")
texts = load_dataset("json", data_files=DATA_FILE, split="train")
import tempfile
arguments = SentenceTransformerTrainingArguments(output_dir=tempfile.mkdtemp(), max_steps=1, per_device_train_batch_size=4, report_to=[], save_strategy="no", use_cpu=True, disable_tqdm=True)
trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=texts, loss=losses.${loss}(model))
done = trainer.train()
result = {"steps": done.global_step, "loss": done.training_loss, "columns": texts.column_names}
`;
    const cases = [
      { format: 'sentence-transformers', shape: 'pairs', loss: 'ContrastiveLoss' },
      { format: 'sentence-transformers', shape: 'triplets', loss: 'TripletLoss' },
      { format: 'sentence-transformers-tuples', shape: 'triplets', loss: 'MultipleNegativesRankingLoss' },
    ] as const;
    const jobs: Job[] = [];
    for (const { format, shape, loss } of cases) {
      const { result, job } = await make(format, shape, format.endsWith('tuples') ? { limit: 200, negatives: 2 } : {});
      const file = JSON.stringify(path.basename(result.files[0]!.path));
      jobs.push(job('sentence-transformers', probe(loss).replace('DATA_FILE', file)));
    }
    const loaded = (await runPython(jobs)) as { steps: number; loss: number; columns: string[] }[];
    for (const { steps, loss } of loaded) {
      expect(steps).toBe(1);
      expect(loss).toBeGreaterThan(0);
    }
    expect(loaded.map(one => one.columns)).toEqual([
      ['sentence1', 'sentence2', 'label'],
      ['anchor', 'positive', 'negative'],
      ['anchor', 'positive', 'negative_1', 'negative_2'],
    ]);
  });
});

describe.skipIf(!has('pytorch_metric_learning', 'torch'))('pytorch-metric-learning', () => {
  it(
    'computes its losses on the tuples: zero where the images of a row lie as the row says',
    { timeout: 120_000 },
    async () => {
      const probe = `
from pytorch_metric_learning import losses
folders = sorted({p.rsplit("/", 1)[0] for p in paths})
one_hot = torch.eye(len(folders))[[folders.index(p.rsplit("/", 1)[0]) for p in paths]]
lose = losses.TripletMarginLoss(margin=0.5) if len(tuples) == 3 else losses.ContrastiveLoss(pos_margin=0, neg_margin=1)
torch.manual_seed(0)
apart = torch.randn(len(paths), 3)
result = {"paths": paths, "tuples": [t.tolist() for t in tuples], "right": float(lose(one_hot, indices_tuple=tuples)), "random": float(lose(apart, indices_tuple=tuples))}
`;
      // classes only: a row is `same` just where its folder is one
      const cases = [
        await make('pytorch-metric-learning', 'pairs', { from: ['classes'] }),
        await make('pytorch-metric-learning', 'triplets', { from: ['classes'] }),
      ];
      const loaded = (await runPython(cases.map(one => one.job('pytorch-metric-learning', probe)))) as {
        paths: string[];
        tuples: number[][];
        right: number;
        random: number;
      }[];
      for (const [i, { paths, tuples, right, random }] of loaded.entries()) {
        expect(right).toBe(0);
        expect(random).toBeGreaterThan(0);
        const { rows } = cases[i]!;
        const seen = (columns: number[][]): string[] =>
          columns[0]!.map((_, j) => columns.map(column => paths[column[j]!]!.replace('../pictures/', '')).join(' | '));
        const wanted = (relation?: string): string[] =>
          rows
            .filter(row => relation === undefined || (row.kind === 'pair' && row.relation === relation))
            .map(row =>
              imagesOf(row)
                .map(one => one.path)
                .join(' | '),
            );
        if (tuples.length === 3) expect(seen(tuples)).toEqual(wanted());
        else {
          expect(seen(tuples.slice(0, 2))).toEqual(wanted('same'));
          expect(seen(tuples.slice(2))).toEqual(wanted('different'));
        }
      }
    },
  );
});

describe.skipIf(!has('oml', 'gdown', 'validators', 'omegaconf', 'pandas', 'torch'))('open-metric-learning', () => {
  it('accepts the table with its own checker', { timeout: 120_000 }, async () => {
    const probe =
      'result = {"rows": len(rows), "splits": rows["split"].value_counts().to_dict(), "columns": list(rows.columns), "labels": rows["label"].nunique()}';
    const cases = [await make('open-metric-learning', 'pairs'), await make('open-metric-learning', 'triplets')];
    const loaded = (await runPython(cases.map(one => one.job('open-metric-learning', probe)))) as {
      rows: number;
      splits: object;
      columns: string[];
    }[];
    for (const [i, table] of loaded.entries()) {
      expect(table.columns).toEqual(['label', 'path', 'split', 'is_query', 'is_gallery']);
      expect(Object.keys(table.splits).sort()).toEqual(['train', 'validation']);
      expect(table.rows).toBe(cases[i]!.result.files[0]!.rows);
    }
  });
});

describe.skipIf(!has('tensorflow'))('TensorFlow', () => {
  it('reads the records, their label and the pictures in them', { timeout: 120_000 }, async () => {
    const probe = (names: string[]): string => `
result = []
for row in rows:
    pixels = [tf.io.decode_image(row[n + "_image"]).numpy()[0, 0].tolist() for n in ${JSON.stringify(names)}]
    paths = [row[n].numpy().decode("utf-8") for n in ${JSON.stringify(names)}]
    result.append({"paths": paths, "pixels": pixels, "label": int(row["label"]) if "label" in row else None})
`;
    const cases = [
      await make('tfrecord', 'pairs', { embed: true, paths: 'folder' }),
      await make('tfrecord', 'triplets', { embed: true, paths: 'folder' }),
    ];
    const loaded = await runPython([
      cases[0]!.job('tensorflow', probe(['a', 'b'])),
      cases[1]!.job('tensorflow', probe(['anchor', 'positive', 'negative'])),
    ]);
    for (const [i, rows] of loaded.entries()) {
      const expected = cases[i]!.rows.filter(isLabelled).map(row => ({
        paths: imagesOf(row).map(one => one.path),
        pixels: imagesOf(row).map(one => {
          const { bytes } = IMAGES.find(picture => picture.hash === one.hash)!;
          return [bytes[56]!, bytes[55]!, bytes[54]!];
        }),
        label: row.kind === 'pair' ? (row.relation === 'same' ? 1 : 0) : null,
      }));
      expect(rows).toEqual(expected);
    }
  });
});
