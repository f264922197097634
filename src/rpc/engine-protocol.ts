import type { ImageHash, Lane, Metric, MinedLane, Relation, TripletVerdict } from '../core/types';
import type { MiningReport, Strategy } from '../core/mining/types';
import type { ManifestAnswer, ManifestSummary, ManifestView, ManifestWindow } from './manifest-rows';

/**
 * What the host (or anyone else) may ask of the engine. Every call names its folder: the engine opens a folder on first
 * mention and keeps nothing that a restart could lose. Paths inside a folder are relative, with forward slashes.
 */

export type BackendChoice = 'auto' | 'onnx' | 'node' | 'wasm';
/** Where an image's class comes from: the path of its folder, that path's first `depth` parts, or nowhere. */
export type ClassRule = 'folder' | 'none' | { depth: number };

/** The settings that the work depends on; the host reads them from VS Code, the CLI from options. */
export interface EngineSettings {
  model: string;
  backend: BackendChoice;
  /** folder that holds an `@tensorflow/tfjs-node` to load, where it is not the package's own */
  tfjsNodePath?: string;
  classes: ClassRule;
  /** glob patterns of files and folders to pass over */
  exclude: string[];
  svg: boolean;
  /** who judges; from git's user where empty */
  by?: string;
  /** sharp's build: native where it is safe, wasm where it is not */
  decoder: 'auto' | 'native' | 'wasm';
  /** share of questions that need not be asked and are mixed in unmarked, to measure consistency; default 0 */
  repeatShare?: number;
  /** share of what other people answered that is asked again, to measure agreement; default 0 */
  overlap?: number;
}

export interface FolderRef {
  folder: string;
  settings: EngineSettings;
}

export type Stage = 'read' | 'scan' | 'identify' | 'decode' | 'embed' | 'mine' | 'write' | 'train' | 'evaluate';

export interface Progress {
  stage: Stage;
  done: number;
  /** 0 while unknown */
  total: number;
  /** of this stage; absent while there is too little to go by */
  secondsLeft?: number;
  /** of training: where it stands, and the curve so far */
  training?: TrainingProgress;
}

export interface EpochPoint {
  epoch: number;
  loss: number;
  /** the held-out figure, as `measure` says; absent where nothing is held out */
  heldOut?: number;
}

export interface TrainingProgress {
  epoch: number;
  epochs: number;
  loss: number;
  imagesPerSecond: number;
  history: EpochPoint[];
  /** epochs that a checkpoint had done already */
  resumedFrom?: number;
  /** epochs of the same choices on other data, that count no more */
  otherData?: number;
  /** what the held-out figure is: MAP@R of classes, or the area under the ROC curve of answers */
  measure: HeldOutMeasure;
}

export type HeldOutMeasure = 'map-at-r' | 'auc';

/** A file that gives no picture, and why, for a person. */
export interface FileProblem {
  path: string;
  reason: string;
}

export interface BackendInfo {
  name: string;
  /** one line for each backend tried: which one runs, and why not the others */
  why: string[];
}

export interface ScanResult {
  images: number;
  /** distinct contents: exact copies count once */
  distinct: number;
  classes: { name: string; images: number }[];
  unclassed: number;
  problems: FileProblem[];
  /** exact copies that lie in folders of different classes: at most one of the classes is right */
  conflicts: { path: string; class: string }[][];
  /** files that are no images, by extension */
  skipped: Record<string, number>;
  backend: BackendInfo;
  decoder: BackendInfo;
}

export interface EmbedResult {
  model: string;
  dimension: number;
  images: number;
  embedded: number;
  fromCache: number;
  problems: FileProblem[];
  seconds: number;
  backend: BackendInfo;
}

export interface MineParams extends FolderRef {
  lane: MinedLane;
  /** `auto`: what the model was trained with */
  metric: Metric | 'auto';
  /** `auto`: what fits the model; the report's notes say which that was, and why */
  margin: number | 'auto';
  strategy: Strategy;
  topK: number;
  perImage: number;
  perClassPair?: number;
  minDistance?: number;
  relativeMargin?: number;
  rankWindow?: [number, number];
  perDuplicateGroup?: number;
  /** negatives kept for one anchor-positive pair (strategy `all`); default 10 */
  perPair?: number;
  /** `inclusive` counts t = margin as semi-hard, as pytorch-metric-learning does */
  boundary?: 'exclusive' | 'inclusive';
  /** hard positives: farther than this quantile of all same-class distances */
  quantile?: number;
  /** uncertain pairs: the threshold, instead of the one that best separates the answers */
  threshold?: number;
  /** near duplicates: pairs at most this far apart */
  duplicateDistance?: number;
  /** suspected label errors: neighbours that vote */
  neighbours?: number;
  /** images above which an approximate index takes over; its measured recall is in the report */
  indexAbove?: number;
  seed: number;
  /** how many of the candidates to give along with the result, best first; default none */
  items?: number;
}

export interface MineResult {
  /** the lane as this run mined it, whether it was stored or not */
  lane: MinedLaneState;
  /** of a cancelled run whose part of a lane was not stored: the lane mined before, which stands */
  kept?: MinedLaneState;
  report: MiningReport;
  problems: FileProblem[];
  /** the best candidates, judged ones too, as many as were asked for */
  items?: RankedItem[];
}

/** A lane as it stands. */
export type LaneState = MinedLaneState | DisagreementsState;

interface LaneCounts {
  total: number;
  /** judged, implied or no longer there */
  settled: number;
  remaining: number;
}

/** A mined lane: kept in the cache, so that it outlives the engine. */
export interface MinedLaneState extends LaneCounts {
  lane: MinedLane;
  model: string;
  metric: Metric;
  margin: number;
  minedAt: string;
}

/** Pairs on which people differ, and those that somebody settled: they follow from the ledger. */
export interface DisagreementsState extends LaneCounts {
  lane: 'disagreements';
}

export interface ImageRef {
  hash: ImageHash;
  path: string;
  class?: string;
}

interface ItemBase {
  /** stable across restarts: made of the images' hashes */
  id: string;
  lane: Lane;
  reason?: string;
  /** what was answered, once it was; only then the model's opinion is shown */
  verdict?: TripletVerdict | Relation;
  /** a question that need not be asked, mixed in: the page shows it like any other and sends this back with the answer */
  repeat?: true;
  /** of an answer to such a question: what was said the first time, where that was something else */
  before?: TripletVerdict | Relation;
}

export interface PairItem extends ItemBase {
  kind: 'pair';
  a: ImageRef;
  b: ImageRef;
  /** absent where no model was asked */
  distance?: number;
  /** of near duplicates: which group of the lane it is in, 1 the largest, and how many images that has */
  group?: { number: number; size: number };
  /** of label errors: the image whose class is in doubt, where it is one of the two; the reason begins with its path */
  suspect?: 'a' | 'b';
  /** in the lane of disagreements: what each person said, shown like the model's opinion only after the answer */
  said?: SaidBy[];
}

/** What one person said of a pair. */
export interface SaidBy {
  by: string;
  relation: Relation;
  /** the person who judges now */
  mine: boolean;
}

export interface TripletItem extends ItemBase {
  kind: 'triplet';
  anchor: ImageRef;
  positive: ImageRef;
  negative: ImageRef;
  positiveDistance: number;
  negativeDistance: number;
}

export type Item = PairItem | TripletItem;

/** An item with its place in its lane, 0 first, and its score. */
export type RankedItem = Item & { rank: number; score: number };

/** What the panel shows: the item now, the ones after it, and where one stands. */
export interface LabelWindow {
  lane?: LaneState;
  /** the item to judge now, then the next ones; empty when the lane is done or nothing was mined */
  items: Item[];
  /**
   * this lane's judged items that still stand, latest first, with their verdicts, at most `count`. Answering one of them
   * again replaces what was said.
   */
  history?: Item[];
  /** answers given in this folder that still stand, by anyone */
  answers: number;
  /** answers given since the engine opened the folder */
  session: number;
  /** questions that transitivity answered */
  implied: number;
  canUndo: boolean;
  /** set while acts (answers, undos, flags, changes of classes) are kept in memory because the ledger cannot be written */
  unsaved?: { count: number; reason: string };
  /** of judging the lane's open questions, pauses left out, seconds; absent while too few answers say how fast it goes */
  timeLeft?: { seconds: number; low: number; high: number };
  /** the estimated chance that the next hundred answers in this lane change anything */
  chanceOfChange?: number;
  /** set where all that is left is on somebody else's screen: who */
  elsewhere?: string;
  /** answers that contradict each other, to be settled before the next item */
  contradiction?: ContradictionNow;
  /** a change of classes that the latest answer suggests */
  offer?: ClassOffer;
}

/** A contradiction as the panel shows it. */
export interface ContradictionNow {
  /** how many images it is about */
  images: number;
  /** the answers in it, the likeliest to be wrong first; at most nine */
  answers: ContradictionAnswer[];
  /** further contradictions that wait */
  more: number;
}

export interface ContradictionAnswer extends AnswerRow {
  /** how likely it is wrong, 0 to 1 */
  probability: number;
  /** part of the cheapest way to settle it */
  proposed: boolean;
  flipTo: 'same' | 'different';
  /** given by the person who judges now */
  mine: boolean;
}

/** What “these two are the same” may mean for the classes of two images. */
export interface ClassOffer {
  a: ImageRef;
  b: ImageRef;
  /** the one that touches fewest images first */
  choices: { kind: 'merge' | 'relabel' | 'name'; images: number; from: string | null; to: string }[];
}

/** Images that were edited since somebody judged them: their answers no longer count for what lies there now. */
export interface EditedImage {
  path: string;
  answers: number;
}

export interface AnswerParams extends FolderRef {
  lane: Lane;
  itemId: string;
  verdict: TripletVerdict | Relation;
  /** how long the item was looked at, milliseconds */
  ms: number;
  /** made by the asker; asking twice with one token writes once (an answer may be sent again after a crash) */
  token: string;
  /** the item said that it is a repeat */
  repeat?: boolean;
}

export interface Thumbnail {
  hash: ImageHash;
  bytes: Uint8Array;
  mime: string;
  width: number;
  height: number;
}

/** One person's standing answer on one pair. */
export interface AnswerRow {
  id: string;
  a: ImageRef;
  b: ImageRef;
  relation: Relation;
  by: string;
  /** ISO 8601, UTC */
  at: string;
  /** by what the model says now; absent where it does not know both images */
  distance?: number;
  /** an image is no longer in the folder */
  missing: boolean;
  /** people differed, and somebody settled it since: it is kept and counts no more */
  settled?: true;
}

/** An answer with how likely it is wrong. */
export interface SuspectRow extends AnswerRow {
  /** logarithm of the odds that it is wrong */
  score: number;
}

export interface ContradictionRow {
  images: ImageRef[];
  /** the likeliest to be wrong first */
  answers: Omit<ContradictionAnswer, 'mine'>[];
}

export interface FlaggedRow {
  id: string;
  image: ImageRef;
  flag: string;
  by: string;
}

export interface KappaInfo {
  kappa: number;
  /** share of pairs with the same answer */
  observed: number;
  pairs: number;
  standardError: number;
}

export interface SessionSummary {
  /** answers of this person since the engine opened the folder, and in all */
  session: number;
  total: number;
  /** of judging, pauses left out; absent with too few answers to go by */
  perHour?: number;
  same: number;
  different: number;
  incomparable: number;
  /** pairs that nobody judged and everybody knows */
  implied: number;
  contradictions: number;
  flagged: number;
  /** this person with themselves, on hidden repeats */
  consistency?: KappaInfo;
  /** each two people, on pairs that both judged */
  agreement: { people: [string, string]; kappa: KappaInfo }[];
  /** the estimated chance that the next hundred answers change anything */
  chanceOfChange?: number;
  /** answers about images that are no longer in the folder: deleted, or edited since */
  lost?: { images: number; answers: number };
}

export interface ClassProposalInfo {
  kind: 'merge' | 'relabel' | 'name';
  images: ImageHash[];
  from: string | null;
  to: string;
}

export type BackboneChoice = 'conv4' | 'koch' | 'resnet' | 'mobile';
export type LossChoice = 'contrastive' | 'triplet' | 'soft-margin' | 'hoffer-ailon' | 'cross-entropy';

/** What a person chooses of a training; everything left out has a default that suits the rest. */
export interface TrainParams extends FolderRef {
  /** the model's name under `.margin/models` */
  name: string;
  /** false: refuse where another training made a model of that name; by default that one is replaced */
  replace?: boolean;
  backbone?: BackboneChoice;
  loss?: LossChoice;
  metric?: Metric;
  normalise?: boolean;
  embeddingSize?: number;
  margin?: number;
  mining?: 'all' | 'batch-hard' | 'semi-hard' | 'distance-weighted';
  /** side of the input, pixels */
  inputSize?: number;
  channels?: 1 | 3;
  epochs?: number;
  stepsPerEpoch?: number;
  classesPerBatch?: number;
  imagesPerClass?: number;
  optimiser?: 'adam' | 'sgd';
  learningRate?: number;
  schedule?: 'constant' | 'cosine' | 'decay';
  weightDecay?: number;
  /** share of batches drawn from the classes of one parent folder alone */
  siblings?: number;
  /** share of batches of single pictures, each changed at random several times and told from all others */
  instances?: number;
  /** multiplies the backbone's filters */
  widen?: number;
  synthesis?: 'none' | 'rotations' | 'dihedral';
  augmentation?: {
    affine?: boolean;
    flipHorizontal?: boolean;
    flipVertical?: boolean;
    crop?: boolean;
    colour?: boolean;
    /** for classes that colour says nothing of; instead of `colour` */
    recolour?: boolean;
  };
  /** in the end scale what varies within classes alike in every direction, where that is better on what is held out */
  whiten?: boolean;
  heldOut?: number;
  patience?: number;
  maxMinutes?: number;
  seed?: number;
  /** a model to go on from, instead of a new network */
  from?: string;
  /** of `from`: train its head only */
  freeze?: boolean;
  /** what is learned from: classes, answers, the triplets mined last by the model that is followed, or several of these */
  use?: ('classes' | 'answers' | 'mined')[];
  /**
   * learn a linear map of the embeddings of `from` (of the model in use, where that is left out) and leave the network as it
   * is: from the classes, where there are two or more and `use` has them, else from the answers. By default where answers are
   * all there is to learn from and nothing is chosen that a map has not.
   */
  map?: boolean;
}

export interface IntervalInfo {
  value: number;
  low: number;
  high: number;
}

export interface RetrievalInfo {
  queries: number;
  alone: number;
  precisionAt1: IntervalInfo;
  recallAt: Record<number, IntervalInfo>;
  rPrecision: IntervalInfo;
  mapAtR: IntervalInfo;
}

/** A map of a model's embeddings, and what it did not learn from says of it. */
export type MapInfo = AnswersMapInfo | ClassesMapInfo;

interface JudgedMapInfo {
  /** the model whose embeddings it maps */
  from: string;
  /** false: the model is what it was before */
  better: boolean;
}

/** Learned from answers, judged by answers, each fifth of the images in turn. */
export interface AnswersMapInfo extends JudgedMapInfo {
  learned: 'answers';
  /** how learned and judged pairs are kept apart: no chain of `same` connects them, or they share no image */
  by: 'component' | 'image';
  /** judged pairs */
  same: number;
  different: number;
  /** area under their ROC curve, without the map and with it */
  before: IntervalInfo;
  after: IntervalInfo;
}

/** Learned from classes, judged by classes, each fifth of them in turn; by images where there are but two. */
export interface ClassesMapInfo extends JudgedMapInfo {
  learned: 'classes';
  by: 'class' | 'image';
  /** retrieval by what was left out, without the map and with it */
  before: RetrievalInfo;
  after: RetrievalInfo;
}

/** How well distances tell held-out pairs known to be the same from those known to be different. */
export interface HeldOutPairsInfo {
  same: number;
  different: number;
  /** area under the ROC curve */
  before?: IntervalInfo;
  after?: IntervalInfo;
}

/** An answer that both models have on the wrong side of their thresholds: hard, or wrong. */
export interface ViolatedAnswerInfo {
  a: string;
  b: string;
  relation: 'same' | 'different';
  /** distances by the model before, and by this one */
  before: number;
  after: number;
}

/** Old answers under a new model, each model at the threshold that best separates them. */
export interface OldAnswersInfo {
  judged: number;
  same: number;
  different: number;
  /** why nothing can be said: answers of one kind only, or greater distances do not mean different */
  unsaid?: 'one-kind' | 'no-order';
  /** on the wrong side */
  violated?: number;
  /** beside the model before */
  compared?: {
    model: string;
    violatedBefore: number;
    /** violated before and no more */
    nowEasy: number;
    stillViolated: number;
    newlyViolated: number;
    thresholds: { before: number; after: number };
  };
  /** those farthest on the wrong side first; at most 1000 */
  stillViolated?: ViolatedAnswerInfo[];
}

export interface TrainResult {
  name: string;
  folder: string;
  backend: string;
  ended: 'finished' | 'early' | 'time' | 'cancelled';
  epochs: number;
  resumedFrom: number;
  seconds: number;
  parameters: number;
  images: number;
  classes: number;
  /** how held-out images are kept apart: by class, component of the answers, or image */
  heldOutBy: string;
  history: EpochPoint[];
  measure: HeldOutMeasure;
  /** why the held-out part could not be judged, or not by whole classes or components; in words */
  heldOutWhy?: string;
  /** held-out images were found among all images, and not among each other: too few classes are held out for that */
  amongAll?: boolean;
  /** epochs that the same choices had done on other data (answers, flags, classes, images), and that count no more */
  otherData?: number;
  /** mined triplets that were learned from (still true, and none of their images held out), of those that the lanes held */
  mined?: { triplets: number; stored: number; model: string };
  /** the model that it was judged beside: gone on from, or in use before */
  modelBefore?: string;
  /** held-out answered pairs, where there are no classes to judge by: the model before, and this one */
  pairs?: HeldOutPairsInfo;
  /** on the held-out images: the model in use before, and this one */
  before?: RetrievalInfo;
  after?: RetrievalInfo;
  /** going on from a model, no epoch was better on what was held out: the model is what it was before */
  unchanged?: boolean;
  /** of a map: what pairs that it did not learn from say of it */
  map?: MapInfo;
  /** old answers under the new model */
  answers?: OldAnswersInfo;
  problems: FileProblem[];
}

export interface EvaluateParams extends FolderRef {
  /** rows `run,trial,test,candidate,same`, paths relative to the folder */
  oneShot?: string;
  /** rows `fold,a,b,same` */
  pairs?: string;
  /** images asked with at most; a seeded sample beyond */
  queries?: number;
  /** a folder of examples, a class a sub-folder: what the folder's images are is guessed from the nearest of them */
  examples?: string;
  /** nearest examples that vote; 1 by default */
  neighbours?: number;
  /** a file for what each image was guessed to be, `.csv` or `.jsonl`, absolute */
  guessesTo?: string;
}

/** Classification by the nearest examples. */
export interface ExamplesInfo {
  /** example images */
  examples: number;
  /** nearest examples that vote */
  neighbours: number;
  /** images whose class is one of the examples': they say how good the guesses are */
  queries: number;
  /** the folder's other images: no class, one without an example, or an example itself */
  passedOver: number;
  /** absent where no image can say it */
  accuracy?: IntervalInfo;
  pixels?: IntervalInfo;
  /** of a guess: an example drawn at random */
  chance?: number;
  classes: { name: string; examples: number; queries: number; accuracy: IntervalInfo }[];
  /** by class of the examples: images that are guessed to be of it, and how many of them are nearly as near to another */
  guessed: { name: string; images: number; nearTies: number }[];
  /** each of the folder's images that is no example itself */
  guesses: GuessInfo[];
}

/** What the nearest examples say that an image is. */
export interface GuessInfo {
  /** in the folder */
  path: string;
  /** what its folder says, where that says anything */
  class?: string;
  guess: string;
  /** the nearest example of that class, in the folder of examples, and how far it is */
  nearest: string;
  distance: number;
  /** share of the nearest examples that are of that class, 0 to 1 */
  agreement: number;
  /** the nearest example of another class is at most 5 % farther */
  nearTie: boolean;
}

/** What guessing reaches on average. */
export interface ChanceInfo {
  precisionAt1: number;
  recallAt: Record<number, number>;
  rPrecision: number;
  mapAtR: number;
}

/** Pairs told apart by one threshold on their distance. */
export interface VerificationInfo {
  /** area under the ROC curve */
  auc: IntervalInfo;
  /** where false matches and false non-matches are as frequent */
  equalErrorRate: IntervalInfo;
  /** false non-match rate, by the false match rate that is let pass */
  fnmrAt: Record<string, IntervalInfo>;
  /** false and true match rate, at most 200 points */
  roc: { fmr: number; tmr: number }[];
}

export interface EvaluateResult {
  model: string;
  backend: string;
  images: number;
  /** that its images have */
  classes: number;
  metric: Metric;
  retrieval?: RetrievalInfo;
  /** the same by raw grey pixels, and by chance */
  pixels?: RetrievalInfo;
  chance?: ChanceInfo;
  examples?: ExamplesInfo;
  oneShot?: { accuracy: IntervalInfo; trials: number; ways: number; pixels: IntervalInfo; chance: number };
  verification?: VerificationInfo & {
    pairs: number;
    /** of these, pairs said to be the same */
    same: number;
    /** the distance at the equal error rate */
    threshold: number;
    /** the same by raw grey pixels */
    pixels: VerificationInfo;
    /** what guessing reaches, of the AUC and of the error rate alike */
    chance: number;
  };
  /** what could not be judged, and why, for a person */
  notes: string[];
  problems: FileProblem[];
}

export type ExportShape = 'pairs' | 'triplets';

export interface ExportParams extends FolderRef {
  as: ExportShape;
  format: string;
  /** answers that contradict each other: left out (the default), or exported as they were given */
  contradicted?: 'leave' | 'keep';
  /** folder or file to write, absolute */
  out: string;
  split: number[];
  seed: number;
  /** where rows come from */
  from: ('answers' | 'implied' | 'classes' | 'mined')[];
  /** what a split keeps whole; `auto`: classes where images have one, else components of the answers */
  by?: 'auto' | 'class' | 'component';
  /** what happens to the images; the format's own custom where not given */
  images?: 'leave' | 'copy' | 'link';
  /** where paths start; the format's own custom where not given */
  paths?: 'folder' | 'manifest' | 'absolute';
  /** negatives in a row of n-tuples */
  negatives?: number;
  /** TFRecord: put the images' bytes into the records */
  embed?: boolean;
  /** of rows that can be made by the million; see the format */
  limit?: number;
  dryRun?: boolean;
}

/** A row of a preview: its images, in the order of the columns. */
export interface PreviewRow {
  part: string;
  images: ImageRef[];
  relation?: Relation;
  source: 'answer' | 'implied' | 'class' | 'mined';
}

export interface ExportResult {
  files: { path: string; rows: number; bytes: number; sha256: string }[];
  counts: Record<string, number>;
  warnings: string[];
  /** images whose answers contradict each other, left out or not */
  contradicted: number;
  /** absolute path of the data card */
  card: string;
  /** the leak check in a line */
  leakLine: string;
  /** the first rows of each part */
  preview: PreviewRow[];
  /** files that are there already and are (or would be) replaced, absolute */
  replaced: string[];
}

export interface FormatInfo {
  id: string;
  title: string;
  shapes: ExportShape[];
}

/** Which column of a plain CSV is what. */
export type ImportColumns =
  | { kind: 'pairs'; a: string; b: string; label: string; convention: 'one-is-same' | 'one-is-different' }
  | { kind: 'triplets'; anchor: string; positive: string; negative: string };

export interface ImportParams extends FolderRef {
  /** absolute path of a manifest, of LFW pairs, or of any CSV */
  file: string;
  format?: string;
  columns?: ImportColumns;
  onConflict?: 'keep' | 'replace';
  /** work out what would happen, write nothing */
  dryRun?: boolean;
}

export interface ImportConflict {
  a: ImageRef;
  b: ImageRef;
  standing: Relation;
  imported: Relation;
  line: number;
}

export interface ImportResult {
  format: string;
  rows: number;
  /** answers added (or that would be) */
  added: number;
  already: number;
  conflicts: ImportConflict[];
  passedOver: number;
  missingRows: number;
  missing: { line: number; path: string }[];
}

/** What a column picker needs of a plain CSV. */
export interface CsvPreviewInfo {
  columns: string[];
  rows: (string | null)[][];
  guess: Partial<ImportColumns> | null;
}

export interface ModelInfo {
  id: string;
  name: string;
  where: 'shipped' | 'folder' | 'elsewhere';
  dimension?: number;
  input?: string;
  metric?: Metric;
  description?: string;
}

export interface EngineProtocol {
  calls: {
    hello: { params: Record<string, never>; result: { pid: number; node: string; version: string } };
    backend: { params: FolderRef; result: BackendInfo };
    scan: { params: FolderRef; result: ScanResult; progress: Progress };
    embed: { params: FolderRef; result: EmbedResult; progress: Progress };
    mine: { params: MineParams; result: MineResult; progress: Progress };
    lanes: { params: FolderRef; result: LaneState[] };
    /** the panel's snapshot; `count` items from the first unsettled one (or from `from`, an item's id) */
    window: { params: FolderRef & { lane?: Lane; count: number; from?: string }; result: LabelWindow };
    answer: { params: AnswerParams; result: LabelWindow };
    undo: { params: FolderRef & { lane?: Lane; token: string }; result: LabelWindow & { undone?: Item } };
    flag: { params: FolderRef & { lane?: Lane; image: ImageHash; token: string }; result: LabelWindow };
    /** of a contradiction: says what a pair of it really is */
    settle: {
      params: FolderRef & { lane?: Lane; a: ImageHash; b: ImageHash; relation: Relation; token: string };
      result: LabelWindow;
    };
    /** leaves the contradiction or the offer that is shown */
    later: { params: FolderRef & { lane?: Lane; what: 'contradiction' | 'offer' }; result: LabelWindow };
    /** takes up every contradiction, so that the next windows show them one by one; how many there are */
    takeUpContradictions: { params: FolderRef; result: { count: number } };
    /** makes a change of classes that is offered; one undo takes it back */
    acceptOffer: {
      params: FolderRef & { lane?: Lane; kind: 'merge' | 'relabel' | 'name'; token: string };
      result: LabelWindow;
    };
    /** standing answers, latest first; `query` finds in paths, classes, relation and person */
    answers: {
      params: FolderRef & { query?: string; offset: number; count: number };
      result: { total: number; rows: AnswerRow[] };
    };
    /** says something else of a pair than was said before */
    correct: { params: FolderRef & { a: ImageHash; b: ImageHash; relation: Relation; token: string }; result: null };
    /** takes back one act, whenever it was */
    undoAct: { params: FolderRef & { id: string; token: string }; result: null };
    contradictions: { params: FolderRef; result: ContradictionRow[] };
    suspects: { params: FolderRef & { count: number }; result: SuspectRow[] };
    /** pairs on which people differ */
    disagreements: { params: FolderRef; result: AnswerRow[][] };
    flagged: { params: FolderRef; result: FlaggedRow[] };
    summary: { params: FolderRef; result: SessionSummary };
    /** what “they are really the same” may mean for the classes of two images */
    classProposals: { params: FolderRef & { a: ImageHash; b: ImageHash }; result: ClassProposalInfo[] };
    reclass: { params: FolderRef & { images: ImageHash[]; to: string | null; token: string }; result: null };
    thumbnail: { params: FolderRef & { hash: ImageHash; size: number }; result: Thumbnail };
    models: { params: FolderRef; result: ModelInfo[] };
    export: { params: ExportParams; result: ExportResult; progress: Progress };
    formats: { params: Record<string, never>; result: FormatInfo[] };
    import: { params: ImportParams; result: ImportResult; progress: Progress };
    /** null: a manifest that needs no columns picked */
    importPreview: { params: { file: string }; result: CsvPreviewInfo | null };
    /** a `*.pairs.jsonl` or `*.triplets.jsonl` as rows to look at; `file` is absolute */
    manifestOpen: { params: FolderRef & { file: string }; result: ManifestSummary; progress: Progress };
    manifestRows: {
      params: FolderRef & { file: string; view: ManifestView; from: number; count: number };
      result: ManifestWindow;
      progress: Progress;
    };
    /** says what a row's images are; the file stays as it is */
    manifestAnswer: { params: FolderRef & { file: string } & ManifestAnswer; result: null };
    /** lets go of what was read; asking again reads again */
    manifestClose: { params: { file: string }; result: null };
    train: { params: TrainParams; result: TrainResult; progress: Progress };
    evaluate: { params: EvaluateParams; result: EvaluateResult; progress: Progress };
    clearCache: { params: FolderRef; result: { bytes: number } };
  };
  notifications: Record<string, never>;
}

/** What the engine tells its client unasked. */
export interface ClientProtocol {
  calls: Record<string, never>;
  notifications: {
    log: { level: 'trace' | 'debug' | 'info' | 'warn' | 'error'; message: string };
    /** something on disk changed what views show */
    changed: { folder: string; what: 'answers' | 'lanes' | 'models' };
    /** a scan found judged images edited */
    edited: { folder: string; images: EditedImage[] };
  };
}
