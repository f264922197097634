import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EngineError } from '../engine/api';
import type {
  BenchResult,
  Engine,
  EngineSettings,
  FileProblem,
  Item,
  JobOptions,
  MapInfo,
  RetrievalInfo,
  TrainResult,
} from '../engine/api';
import { mineLines, mineObject, TOP, wantedItems } from './mine';
import { areaText, judgedLines, keptApart, startLines } from './training-lines';
import type { Actions, AugmentationName, CommonOptions, MineOptions, TrainCliOptions } from './program';
import { evaluationLines, retrievalTable } from './judged';
import { progressLines } from './progress';
import type { Streams } from './run';
import { counted } from './words';

/** Files named one by one in text output; `--json` names all. */
const NAMED = 10;

/** What the commands do, on an engine. Results go to `io.out`, progress to `io.err`. */
export function actionsOn(engine: Engine, io: Streams, signal: AbortSignal): Actions {
  const print = (options: CommonOptions, result: object, lines: string[]): void => {
    io.out.write(options.json ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
  };
  const job = (options: CommonOptions): JobOptions => ({
    signal,
    ...(!options.quiet && { report: progressLines(io.err).report }),
  });
  const ref = (folder: string, options: CommonOptions) => ({
    folder: path.resolve(folder),
    settings: settingsOf(options),
  });

  const writeItems = async (out: string, items: readonly Item[]): Promise<void> => {
    await mkdir(path.dirname(path.resolve(out)), { recursive: true });
    await writeFile(path.resolve(out), items.map(item => `${JSON.stringify(item)}\n`).join(''));
  };
  /** Nothing is searched: the ledger says which pairs those are. */
  const listDisagreements = async (folder: string, options: MineOptions): Promise<void> => {
    const all = await engine.disagreements(ref(folder, options), job(options));
    const items = all.slice(0, options.top ?? TOP);
    if (options.out !== undefined) await writeItems(options.out, items);
    print(options, { lane: 'disagreements', items }, [
      `People differ about ${counted(all.length, 'pair')}${items.length < all.length ? `, of which ${items.length} here` : ''}`,
      ...items.map(({ a, b, said = [] }) =>
        [`  ${a.path} and ${b.path}: `, said.map(({ by, relation }) => `${by} ${relation}`).join(', ')].join(''),
      ),
      ...(options.out !== undefined ? [`written to ${options.out}`] : []),
    ]);
  };

  return {
    async scan(folder, options) {
      const result = await engine.scan(ref(folder, options), job(options));
      print(options, result, [
        `${counted(result.images, 'image')}, ${result.distinct} distinct, ${counted(result.classes.length, 'class', 'classes')}`,
        ...result.classes.map(({ name, images }) => `  ${name}: ${images}`),
        ...(result.unclassed > 0 ? [`  without a class: ${result.unclassed}`] : []),
        ...problemLines(result.problems),
        ...result.conflicts.map(
          places => `in folders of different classes: ${places.map(({ path: at }) => at).join(', ')}`,
        ),
        ...(result.images === 0 && result.problems.length === 0
          ? ['There are no images here: put some into it (JPEG, PNG, WebP, GIF, TIFF, AVIF), or name another folder.']
          : []),
        `backend ${result.backend.name}: ${result.backend.why.join('; ')}`,
        `decoder ${result.decoder.name}: ${result.decoder.why.join('; ')}`,
      ]);
    },

    async embed(folder, options) {
      const result = await engine.embed(ref(folder, options), job(options));
      const pace = result.embedded > 0 ? `, ${(result.embedded / result.seconds).toFixed(0)} images/s` : '';
      print(options, { ...result, imagesPerSecond: result.embedded / result.seconds }, [
        `${counted(result.images, 'image')}: ${result.embedded} embedded, ${result.fromCache} from the cache, in ${result.seconds.toFixed(1)} s${pace}`,
        `model ${result.model}, ${result.dimension} dimensions, on ${result.backend.name}`,
        ...problemLines(result.problems),
      ]);
    },

    async mine(folder, options) {
      const params = ref(folder, options);
      if (options.lane === 'disagreements') {
        await listDisagreements(folder, options);
        return;
      }
      const { shown, needed } = wantedItems(options);
      const result = await engine.mine(
        {
          ...params,
          lane: options.lane,
          metric: options.distance,
          margin: options.margin,
          strategy: options.strategy,
          topK: options.top ?? TOP,
          items: needed,
          perImage: options.perImage,
          seed: options.seed,
          perClassPair: options.perClassPair,
          minDistance: options.minDistance,
          relativeMargin: options.relativeMargin,
          rankWindow: options.rankWindow,
          perDuplicateGroup: options.perDuplicateGroup,
          perPair: options.perPair,
          boundary: options.boundary,
          quantile: options.quantile,
          threshold: options.threshold,
          duplicateDistance: options.duplicateDistance,
          neighbours: options.neighbours,
          indexAbove: options.indexAbove,
        },
        job(options),
      );
      if (options.out !== undefined) await writeItems(options.out, result.items ?? []);
      print(options, mineObject(result, shown), [
        ...mineLines(result),
        ...problemLines(result.problems),
        ...(options.out !== undefined ? [`written to ${options.out}`] : []),
      ]);
      // A cancelled search gives what it found, and is still a cancelled command.
      signal.throwIfAborted();
    },

    async answer(folder, options) {
      const result = await engine.answerFiles({
        ...ref(folder, options),
        a: options.a,
        b: options.b,
        relation: options.relation,
        settle: options.settle === true,
      });
      print(options, result, [`${options.a} and ${options.b}: ${options.relation} (${result.id})`]);
    },

    async export(folder, options) {
      const result = await engine.export(
        {
          ...ref(folder, options),
          as: options.as,
          format: options.format,
          out: path.resolve(options.out),
          split: options.split,
          seed: options.seed,
          from: options.from,
          by: options.splitBy,
          contradicted: options.contradicted,
          images: options.images,
          paths: options.paths,
          negatives: options.negatives,
          embed: options.embed,
          limit: options.limit,
          dryRun: options.dryRun,
        },
        job(options),
      );
      print(options, result, [
        ...Object.entries(result.counts).map(([name, count]) => `${name}: ${count}`),
        ...result.files.map(
          ({ path: file, rows, sha256 }) =>
            `${file}: ${rows > 0 ? `${counted(rows, 'row')}, ` : ''}sha256 ${sha256.slice(0, 12)}…`,
        ),
        result.leakLine,
        ...result.warnings.map(warning => `warning: ${warning}`),
      ]);
    },

    async import(folder, options) {
      const { from, format, onConflict, a, b, label, convention, dryRun } = options;
      const columns = a && b && label ? ({ kind: 'pairs', a, b, label, convention } as const) : undefined;
      const file = path.resolve(from);
      const result = await engine.import(
        { ...ref(folder, options), file, format, columns, onConflict, dryRun },
        job(options),
      );
      print(options, result, [
        `${result.rows} rows (${result.format}): ${result.added} answers ${dryRun ? 'would be added' : 'added'}, ${result.already} known already`,
        ...(result.passedOver > 0 ? [`${result.passedOver} rows are no judgements`] : []),
        ...(result.missingRows > 0 ? [`${result.missingRows} rows name images that are not in the folder`] : []),
        ...result.conflicts.map(
          ({ a: x, b: y, standing, imported, line }) =>
            `line ${line}: ${x.path} and ${y.path} stand as ${standing}, the file says ${imported}`,
        ),
      ]);
    },

    async train(folder, options) {
      const lines = options.quiet ? undefined : progressLines(io.err);
      const { out: name, distance: metric, channels, augment, ...rest } = options;
      const result = await engine.train(
        {
          ...ref(folder, options),
          ...choicesOf(rest),
          name,
          replace: options.force === true,
          metric,
          ...(channels !== undefined && { channels: channels === '1' ? 1 : 3 }),
          ...(augment && { augmentation: augmentationOf(augment) }),
        },
        { signal, ...(lines && { report: lines.report }) },
      );
      lines?.finish(result.history, result.measure);
      print(options, result, [
        ...(result.map
          ? mapLines(name, result.map, result)
          : [
              `${name}: ${result.epochs} epochs in ${result.seconds.toFixed(0)} s on ${result.backend} (${result.ended}), ${result.parameters} parameters, ${result.images} images, ${result.classes} classes`,
            ]),
        ...(result.unchanged
          ? ['no better than before: no epoch ordered the held-out images better, so the model is what it was']
          : []),
        ...startLines(result),
        ...(result.before || result.after
          ? heldOutLines(keptApart(result), result.before, result.after)
          : notJudgedLines(result)),
        ...judgedLines(result),
        ...problemLines(result.problems),
        `written to ${result.folder}`,
      ]);
      signal.throwIfAborted();
    },

    async evaluate(folder, options) {
      const { oneShot, pairs, queries, examples, neighbours, out } = options;
      if (examples === undefined && (out !== undefined || neighbours !== undefined)) {
        throw new EngineError(
          'bad-choice',
          `${out === undefined ? '--neighbours' : '--out'} is for guesses, and there are none without examples.`,
          'Name a folder of examples (--examples DIR).',
        );
      }
      const guessesTo = out === undefined ? undefined : path.resolve(out);
      const result = await engine.evaluate(
        { ...ref(folder, options), oneShot, pairs, queries, examples, neighbours, guessesTo },
        job(options),
      );
      print(options, result, [
        ...evaluationLines(result),
        ...problemLines(result.problems),
        ...(out === undefined ? [] : [`guesses written to ${out}`]),
      ]);
    },

    async bench(what, folder, options) {
      const { images, dimension, runs } = options;
      const result = await engine.bench({ ...ref(folder, options), what, images, dimension, runs }, job(options));
      print(options, result, [
        ...benchLines(result),
        `median of ${result.runs}, ${result.processor}, ${counted(result.cores, 'core')}, Node ${result.node}`,
      ]);
    },
  };
}

function benchLines(result: BenchResult): string[] {
  switch (result.what) {
    case 'kernel':
      return [
        `${result.images} vectors of ${result.dimension} numbers: ${result.found} semi-hard triplets found among all pairs in ${result.seconds.toFixed(2)} s (${result.processorSeconds.toFixed(2)} s of processor time)`,
        `${result.kernel} on ${result.threads} threads, ${result.gflops.toFixed(0)} GFLOP/s counted as 2 N² d`,
      ];
    case 'embed':
      return [
        `model ${result.model}, ${result.width} x ${result.height} x ${result.channels} to ${result.dimension} numbers: ${result.imagesPerSecond.toFixed(0)} images/s without decoding`,
        ...backendLines(result),
      ];
    case 'train': {
      const { backbone, size, channels } = result.network;
      return [
        `${backbone}, ${size} x ${size} x ${channels}, batches of ${result.batch}: ${result.imagesPerSecond.toFixed(0)} images/s, whole steps`,
        ...backendLines(result),
      ];
    }
  }
}

function backendLines({ backend, threads }: { backend: { name: string; why: string[] }; threads: number }): string[] {
  return [`on ${backend.name} with ${threads} threads`, ...backend.why.map(line => `  ${line}`)];
}

/** A training's choices without what every command has. */
function choicesOf(options: Omit<TrainCliOptions, 'out' | 'distance' | 'channels' | 'augment'>) {
  const { backbone, loss, normalise, embeddingSize, margin, mining, inputSize, epochs, stepsPerEpoch } = options;
  const { classesPerBatch, imagesPerClass, siblings, learningRate, widen, synthesis, heldOut, patience, maxMinutes } =
    options;
  const network = { backbone, loss, normalise, embeddingSize, margin, mining, inputSize, widen, siblings };
  const course = { epochs, stepsPerEpoch, classesPerBatch, imagesPerClass, learningRate, synthesis, heldOut, patience };
  return {
    ...network,
    ...course,
    maxMinutes,
    whiten: options.whiten,
    instances: options.instances,
    optimiser: options.optimiser,
    schedule: options.schedule,
    weightDecay: options.weightDecay,
    seed: options.seed,
    from: options.from,
    freeze: options.freeze,
    map: options.map,
    use: options.use,
  };
}

function augmentationOf(names: readonly AugmentationName[]) {
  const has = (name: AugmentationName) => names.includes(name);
  return {
    affine: has('affine'),
    flipHorizontal: has('flip-horizontal'),
    flipVertical: has('flip-vertical'),
    crop: has('crop'),
    colour: has('colour'),
    recolour: has('recolour'),
  };
}

function mapLines(name: string, map: MapInfo, { seconds, images, classes }: TrainResult): string[] {
  const from = map.learned === 'answers' ? `answers about ${images} images` : `${images} images of ${classes} classes`;
  return [
    `${name}: a linear map of the embeddings of ${map.from}, learned from ${from} in ${seconds.toFixed(0)} s`,
    ...(map.learned === 'answers'
      ? [
          `held out by ${map.by}, ${map.same} same and ${map.different} different pairs: AUC before ${areaText(map.before)}, after ${areaText(map.after)}`,
        ]
      : [...heldOutLines(map.by, map.before, map.after)]),
    ...(map.better
      ? []
      : [
          `no better than before: ${name} is the same as ${map.from}, and not worth using${map.learned === 'answers' ? '; answer more first' : ''}`,
        ]),
  ];
}

/** What was held out says of a training: before and after it, with 95 % intervals. */
function heldOutLines(by: string, before: RetrievalInfo | undefined, after: RetrievalInfo | undefined): string[] {
  const queries = (after ?? before)?.queries ?? 0;
  return [
    `held out by ${by}, ${counted(queries, 'query', 'queries')}; 95 % intervals in brackets`,
    ...retrievalTable([
      ...(before ? [['before', before] as const] : []),
      ...(after ? [['after', after] as const] : []),
    ]),
  ];
}

/** Why there are no held-out figures, where that is no map: it has its own. */
function notJudgedLines({ map, history, heldOutBy, heldOutWhy, measure, pairs }: TrainResult): string[] {
  // What follows says it.
  if (map || pairs || heldOutWhy !== undefined) return [];
  if (history.every(({ heldOut }) => heldOut === undefined)) {
    return [
      'not judged: nothing was held out, so nothing says how good the model is on images that it did not learn from (more images a class, or more classes, leave some over; --held-out says how many)',
    ];
  }
  // Answers held out have no classes to be retrieved by.
  return measure === 'auc'
    ? [`held out by ${heldOutBy}: the best epoch was chosen by the AUC of held-out answers`]
    : [];
}

function settingsOf(options: CommonOptions): EngineSettings {
  // `bench` knows no images: what it does not read has the other commands' defaults
  const { model, backend, decoder = 'auto', classes = 'folder', exclude = [], svg = false, tfjsNode, by } = options;
  return {
    model,
    backend,
    decoder,
    classes,
    exclude,
    svg,
    ...(tfjsNode && { tfjsNodePath: tfjsNode }),
    ...(by && { by }),
  };
}

function problemLines(problems: readonly FileProblem[]): string[] {
  if (problems.length === 0) return [];
  const named = problems.slice(0, NAMED).map(({ path: file, reason }) => `  ${file}: ${reason}`);
  const rest = problems.length - named.length;
  return [
    `${counted(problems.length, 'file')} cannot be used:`,
    ...named,
    ...(rest > 0 ? [`  … and ${rest} more (--json names all)`] : []),
  ];
}
