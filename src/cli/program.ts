import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { EngineSettings, TrainParams } from '../engine/api';
import {
  BACKBONES,
  BENCHES,
  checkSplit,
  formats,
  LANES,
  LOSSES,
  messageOf,
  ONLINE_MININGS,
  OPTIMISERS,
  SCHEDULES,
  METRICS,
  STRATEGIES,
} from '../engine/api';
import { TOP } from './mine';
import { refuseIgnored } from './mine-choices';

export interface CommonOptions {
  json?: boolean;
  quiet?: boolean;
  model: string;
  backend: EngineSettings['backend'];
  decoder: EngineSettings['decoder'];
  tfjsNode?: string;
  classes: EngineSettings['classes'];
  exclude: string[];
  svg?: boolean;
  by?: string;
}

export interface MineOptions extends CommonOptions {
  lane: (typeof LANES)[number];
  distance: (typeof METRICS)[number] | 'auto';
  margin: number | 'auto';
  /** left out: `TOP` */
  top?: number;
  perImage: number;
  perClassPair?: number;
  minDistance?: number;
  relativeMargin?: number;
  rankWindow?: [number, number];
  strategy: (typeof STRATEGIES)[number];
  perDuplicateGroup?: number;
  perPair?: number;
  boundary?: 'exclusive' | 'inclusive';
  quantile?: number;
  threshold?: number;
  duplicateDistance?: number;
  neighbours?: number;
  indexAbove?: number;
  seed: number;
  out?: string;
}

export interface AnswerOptions extends CommonOptions {
  a: string;
  b: string;
  relation: 'same' | 'different' | 'incomparable';
  settle?: boolean;
}

export interface ExportOptions extends CommonOptions {
  as: 'pairs' | 'triplets';
  format: string;
  split: number[];
  from: ('answers' | 'implied' | 'classes' | 'mined')[];
  splitBy: 'auto' | 'class' | 'component';
  images?: 'leave' | 'copy' | 'link';
  paths?: 'folder' | 'manifest' | 'absolute';
  negatives?: number;
  embed?: boolean;
  limit?: number;
  contradicted: 'leave' | 'keep';
  seed: number;
  out: string;
  dryRun?: boolean;
}

export interface ImportOptions extends CommonOptions {
  from: string;
  format?: string;
  onConflict: 'keep' | 'replace';
  a?: string;
  b?: string;
  label?: string;
  convention: 'one-is-same' | 'one-is-different';
  dryRun?: boolean;
}

export interface TrainCliOptions extends CommonOptions {
  backbone?: TrainParams['backbone'];
  loss?: TrainParams['loss'];
  distance?: TrainParams['metric'];
  normalise?: boolean;
  embeddingSize?: number;
  margin?: number;
  mining?: TrainParams['mining'];
  inputSize?: number;
  channels?: string;
  epochs?: number;
  stepsPerEpoch?: number;
  classesPerBatch?: number;
  imagesPerClass?: number;
  optimiser?: TrainParams['optimiser'];
  learningRate?: number;
  schedule?: TrainParams['schedule'];
  weightDecay?: number;
  widen?: number;
  siblings?: number;
  instances?: number;
  synthesis?: TrainParams['synthesis'];
  /** all that are switched on; left out: as suits the network */
  augment?: AugmentationName[];
  heldOut?: number;
  patience?: number;
  maxMinutes?: number;
  whiten?: boolean;
  seed?: number;
  from?: string;
  freeze?: boolean;
  map?: boolean;
  use: ('classes' | 'answers' | 'mined')[];
  force?: boolean;
  out: string;
}

export interface EvaluateOptions extends CommonOptions {
  oneShot?: string;
  pairs?: string;
  examples?: string;
  neighbours?: number;
  out?: string;
  queries?: number;
}

export interface BenchOptions extends CommonOptions {
  images: number;
  dimension: number;
  runs: number;
}

/** What each command does; the program only reads the command line. */
export interface Actions {
  scan(folder: string, options: CommonOptions): Promise<void>;
  embed(folder: string, options: CommonOptions): Promise<void>;
  mine(folder: string, options: MineOptions): Promise<void>;
  answer(folder: string, options: AnswerOptions): Promise<void>;
  export(folder: string, options: ExportOptions): Promise<void>;
  import(folder: string, options: ImportOptions): Promise<void>;
  train(folder: string, options: TrainCliOptions): Promise<void>;
  evaluate(folder: string, options: EvaluateOptions): Promise<void>;
  bench(what: (typeof BENCHES)[number], folder: string, options: BenchOptions): Promise<void>;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('not a number.');
  return value;
}

function count(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('not a whole number above 0.');
  return value;
}

function integer(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('not a whole number.');
  return value;
}

function notNegative(text: string): number {
  const value = number(text);
  if (value < 0) throw new InvalidArgumentError('below 0.');
  return value;
}

function marginOf(text: string): number | 'auto' {
  return text === 'auto' ? text : notNegative(text);
}

function numbers(text: string): number[] {
  const parts = text.split(',').map(notNegative);
  try {
    checkSplit(parts);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
  return parts;
}

function window(text: string): [number, number] {
  const [from, to, ...rest] = text.split(',').map(integer);
  if (from === undefined || to === undefined || rest.length > 0 || from < 0 || to <= from) {
    throw new InvalidArgumentError('two ranks FROM,TO with 0 <= FROM < TO.');
  }
  return [from, to];
}

function classRule(text: string): EngineSettings['classes'] {
  if (text === 'folder' || text === 'none') return text;
  const depth = Number(text);
  if (!Number.isSafeInteger(depth) || depth < 1)
    throw new InvalidArgumentError('folder, none, or how many folders deep.');
  return { depth };
}

function list(text: string, before: string[]): string[] {
  return [...before, text];
}

const SOURCES = ['answers', 'implied', 'classes', 'mined'] as const;

function sources(text: string): ExportOptions['from'] {
  return text.split(',').map(part => {
    const source = SOURCES.find(known => known === part.trim());
    if (!source) throw new InvalidArgumentError(`one or more of ${SOURCES.join(', ')}, with commas between.`);
    return source;
  });
}

function words(text: string): string[] {
  return text.split(',').map(part => part.trim());
}

const AUGMENTATIONS = ['affine', 'flip-horizontal', 'flip-vertical', 'crop', 'colour', 'recolour'] as const;
export type AugmentationName = (typeof AUGMENTATIONS)[number];

/** No name at all: none of them. */
function augmentations(text: string): AugmentationName[] {
  if (text.trim() === 'none') return [];
  return words(text).map(part => {
    const name = AUGMENTATIONS.find(known => known === part);
    if (!name)
      throw new InvalidArgumentError(`none, or one or more of ${AUGMENTATIONS.join(', ')}, with commas between.`);
    return name;
  });
}

function used(text: string): TrainCliOptions['use'] {
  return words(text).map(part => {
    if (part === 'classes' || part === 'answers' || part === 'mined') return part;
    throw new InvalidArgumentError('one or more of classes, answers, mined, with commas between.');
  });
}

/** Builds the `margin` command line of docs/DESIGN.md. Throws `CommanderError` instead of ending the process. */
export function buildProgram(version: string, actions: Actions): Command {
  const program = new Command('margin')
    .description('Mine hard pairs and triplets from a folder of images.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(margin --help tells more)');

  const network = (command: Command): Command =>
    command
      .exitOverride()
      .option('--json', 'one JSON object on standard output')
      .option('--quiet', 'no progress on standard error')
      .option('--model <model>', 'starter, a name under .margin/models, a folder or a URL with a model.json', 'starter')
      .addOption(
        new Option('--backend <backend>', 'what runs the network')
          .choices(['auto', 'onnx', 'node', 'wasm'])
          .default('auto'),
      )
      .option('--tfjs-node <folder>', 'folder that holds an @tensorflow/tfjs-node');

  const common = (command: Command): Command =>
    network(command.argument('<folder>', 'folder of images'))
      .addOption(
        new Option('--decoder <decoder>', 'what decodes images').choices(['auto', 'native', 'wasm']).default('auto'),
      )
      .option(
        '--classes <rule>',
        'an image’s class: folder, none, or how many folders deep',
        classRule,
        'folder' as const,
      )
      .option('--exclude <glob>', 'pass over what matches; may be given again', list, [])
      .option('--svg', 'read SVG files too')
      .option('--by <person>', 'who judges (default: git’s user)');

  common(program.command('scan').description('images, classes, what cannot be read and why')).action(actions.scan);

  common(program.command('embed').description('fill the cache of embeddings')).action(actions.embed);

  common(program.command('mine').description('find the candidates that teach the most'))
    .addOption(
      new Option('--lane <lane>', 'kind of candidate; disagreements lists the pairs on which people differ')
        .choices([...LANES])
        .default('hard-triplets'),
    )
    .addOption(
      new Option('--distance <metric>', 'how embeddings are compared').choices(['auto', ...METRICS]).default('auto'),
    )
    .option(
      '--margin <distance>',
      'the margin, in units of the distance; auto: what fits the model',
      marginOf,
      'auto' as const,
    )
    .option('--top <k>', `candidates kept, best first (default: ${TOP})`, count)
    .option('--per-image <c>', 'at most this many candidates with one image', count, 5)
    .option('--per-class-pair <c>', 'at most this many candidates between two classes', count)
    .option('--per-duplicate-group <c>', 'at most this many candidates that touch one group of near duplicates', count)
    .option('--min-distance <distance>', 'leave out pairs nearer than this', notNegative)
    .option('--relative-margin <share>', 'a negative must be this share farther than the positive', number)
    .option('--rank-window <from,to>', 'of an anchor’s negatives, nearest first, only these ranks', window)
    .addOption(
      new Option('--strategy <strategy>', 'which negatives of an anchor-positive pair')
        .choices([...STRATEGIES])
        .default('nearest'),
    )
    .option('--per-pair <n>', 'strategy all: negatives of one anchor-positive pair', count)
    .addOption(
      new Option('--boundary <which>', 'whether a triplet exactly at the margin is semi-hard').choices([
        'exclusive',
        'inclusive',
      ]),
    )
    .option('--quantile <q>', 'hard positives: farther than this quantile of same-class distances', notNegative)
    .option(
      '--threshold <distance>',
      'uncertain pairs: the threshold, instead of the one that best separates the answers',
      notNegative,
    )
    .option('--duplicate-distance <distance>', 'near duplicates: pairs at most this far apart', notNegative)
    .option('--neighbours <k>', 'suspected label errors: neighbours that vote', count)
    .option('--index-above <images>', 'above this many an approximate index takes over', count)
    .option('--seed <n>', 'for what is drawn', integer, 0)
    .option('--out <file>', 'also write the candidates to FILE, one JSON object a line')
    .action((folder: string, options: MineOptions, command: Command) => {
      refuseIgnored(command, options);
      return actions.mine(folder, options);
    });

  common(program.command('answer').description('add one answer to the ledger'))
    .requiredOption('--a <file>', 'one image')
    .requiredOption('--b <file>', 'the other image')
    .addOption(
      new Option('--relation <relation>', 'what they are')
        .choices(['same', 'different', 'incomparable'])
        .makeOptionMandatory(),
    )
    .option('--settle', 'settles what people said of this pair before: their answers are kept and count no more')
    .action(actions.answer);

  common(program.command('export').description('write a manifest that a trainer reads'))
    .addOption(new Option('--as <shape>', 'what rows are').choices(['pairs', 'triplets']).default('triplets'))
    .addOption(
      new Option('--format <format>', 'what the trainer reads').choices(formats().map(({ id }) => id)).default('jsonl'),
    )
    .option('--split <shares>', '0.8,0.1,0.1 for train, validation and test, or a number of folds', numbers, [1])
    .option('--from <sources>', `where rows come from: ${SOURCES.join(', ')}`, sources, [
      'answers',
      'implied',
    ] as ExportOptions['from'])
    .option('--seed <n>', 'for the split', integer, 0)
    .addOption(
      new Option('--split-by <what>', 'what no split parts').choices(['auto', 'class', 'component']).default('auto'),
    )
    .addOption(
      new Option('--images <mode>', 'leave the images where they are, copy or link them').choices([
        'leave',
        'copy',
        'link',
      ]),
    )
    .addOption(new Option('--paths <style>', 'where paths start').choices(['folder', 'manifest', 'absolute']))
    .option('--negatives <n>', 'negatives in a row of n-tuples', count)
    .option('--embed', 'TFRecord: put the images’ bytes into the records')
    .option('--limit <rows>', 'of rows that can be made by the million', count)
    .addOption(
      new Option('--contradicted <what>', 'answers that contradict each other: leave them out, or keep them as given')
        .choices(['leave', 'keep'])
        .default('leave'),
    )
    .option('--dry-run', 'counts only, nothing written')
    .requiredOption('--out <folder>', 'folder to write')
    .action(actions.export);

  common(program.command('import').description('read answers from a manifest into the ledger'))
    .requiredOption('--from <file>', 'a manifest of any format that export writes, LFW pairs, or a CSV')
    .addOption(
      new Option('--format <format>', 'its format, where it is not to be found out').choices(
        formats().map(({ id }) => id),
      ),
    )
    .addOption(
      new Option('--on-conflict <what>', 'what happens to answers that differ from standing ones')
        .choices(['keep', 'replace'])
        .default('keep'),
    )
    .option('--a <column>', 'of a plain CSV: the column of one image')
    .option('--b <column>', 'of a plain CSV: the column of the other image')
    .option('--label <column>', 'of a plain CSV: the column of the label')
    .addOption(
      new Option('--convention <what>', 'of a plain CSV: what 1 means')
        .choices(['one-is-same', 'one-is-different'])
        .default('one-is-same'),
    )
    .option('--dry-run', 'report what would happen, write nothing')
    .action(actions.import);

  common(program.command('train').description('train a network on the classes and answers of the folder'))
    .addOption(new Option('--backbone <network>', 'base network').choices([...BACKBONES]))
    .addOption(new Option('--loss <loss>', 'what training lessens').choices([...LOSSES]))
    .addOption(new Option('--distance <metric>', 'how embeddings are compared').choices([...METRICS]))
    .option('--normalise', 'scale embeddings to unit length')
    .option('--no-normalise', 'leave embeddings as they are')
    .option('--embedding-size <n>', 'numbers in an embedding', count)
    .option('--margin <distance>', 'of the contrastive and the triplet loss', notNegative)
    .addOption(new Option('--mining <how>', 'how a batch’s pairs or triplets are chosen').choices([...ONLINE_MININGS]))
    .option('--input-size <pixels>', 'side of the network’s input', count)
    .addOption(new Option('--channels <n>', '1 grey, 3 colour').choices(['1', '3']))
    .option('--epochs <n>', 'at most this many', count)
    .option('--steps-per-epoch <n>', 'batches an epoch', count)
    .option('--classes-per-batch <p>', 'classes a batch', count)
    .option('--images-per-class <k>', 'images a class in a batch', count)
    .option('--siblings <share>', 'of the batches: classes of one parent folder alone', notNegative)
    .option('--instances <share>', 'of the batches: single pictures, changed at random and told apart', notNegative)
    .addOption(
      new Option(
        '--optimiser <which>',
        'adam, its weight decay apart, or sgd, momentum and decay in the gradient',
      ).choices([...OPTIMISERS]),
    )
    .option('--learning-rate <rate>', 'of the first step', notNegative)
    .addOption(
      new Option('--schedule <which>', 'of the rate: constant, to 0 by a cosine, or 1 % less each epoch').choices([
        ...SCHEDULES,
      ]),
    )
    .option('--weight-decay <x>', 'x/2 times the squared weights are lessened as well', notNegative)
    .option('--widen <factor>', 'multiplies the base network’s filters', notNegative)
    .addOption(
      new Option('--synthesis <what>', 'more classes made of classes').choices(['none', 'rotations', 'dihedral']),
    )
    .option(
      '--augment <list>',
      `random changes: ${AUGMENTATIONS.join(', ')} with commas between, or none (default: as suits the pictures)`,
      augmentations,
    )
    .option('--whiten', 'in the end scale what varies within classes alike in every direction')
    .option('--held-out <share>', 'of the classes, to judge by', notNegative)
    .option('--patience <epochs>', 'stop after so many without a better held-out figure', integer)
    .option('--max-minutes <n>', 'stop then, with the best so far', notNegative)
    .option('--seed <n>', 'repeats a run on the same backend', integer)
    .option('--from <model>', 'go on from this model instead of a new network')
    .option('--freeze', 'of --from: train its head only')
    .option(
      '--map',
      'learn a linear map of the embeddings of --from (or --model), from the classes where there are two or more and --use has them, else from the answers; the default where answers are all there is to learn from',
    )
    .option('--no-map', 'train the network itself')
    .option('--use <what>', 'classes, answers, mined (the triplets mined last), with commas between', used, [
      'classes',
      'answers',
    ] as TrainCliOptions['use'])
    .requiredOption('--out <name>', 'the model’s name under .margin/models')
    .option('--force', 'replace a model of that name that was trained otherwise')
    .action(actions.train);

  common(program.command('evaluate').description('judge a model: retrieval, one-shot, verification'))
    .option('--one-shot <file>', 'CSV of run,trial,test,candidate,same')
    .option('--pairs <file>', 'CSV of fold,a,b,same')
    .option('--examples <folder>', 'guess each image’s class from the nearest of these, a class a sub-folder')
    .option('--neighbours <k>', 'of --examples: so many nearest vote (default: 1)', count)
    .option('--out <file>', 'of --examples: also write the guesses to FILE, .csv or .jsonl, one image a line')
    .option('--queries <n>', 'images asked with at most', count)
    .action(actions.evaluate);

  network(
    program
      .command('bench')
      .description('how fast this machine mines, embeds or trains, and on what')
      .addArgument(
        new Argument('<what>', 'kernel: mines made-up vectors; embed: runs the model; train: a small network').choices([
          ...BENCHES,
        ]),
      )
      .argument('[folder]', 'whose models --model may name', '.'),
  )
    .option('--images <n>', 'kernel: vectors to mine over', count, 20_000)
    .option('--dimension <d>', 'kernel: numbers in a vector', count, 128)
    .option('--runs <n>', 'repetitions; the median counts', count, 3)
    .action(actions.bench);

  return program;
}

export { CommanderError };
