/** Every id that package.json and the code share, in one place; test/contributions.test.ts holds the two together. */

export const commands = {
  mineHardTriplets: 'margin.mineHardTriplets',
  mineSemiHardTriplets: 'margin.mineSemiHardTriplets',
  mineHardNegatives: 'margin.mineHardNegatives',
  findNearDuplicates: 'margin.findNearDuplicates',
  findLabelErrors: 'margin.findLabelErrors',
  labelNextPair: 'margin.labelNextPair',
  undoLastAnswer: 'margin.undoLastAnswer',
  chooseModel: 'margin.chooseModel',
  chooseFolder: 'margin.chooseFolder',
  exportManifest: 'margin.exportManifest',
  importAnswers: 'margin.importAnswers',
  openManifestAsText: 'margin.openManifestAsText',
  openManifestAsPictures: 'margin.openManifestAsPictures',
  trainModel: 'margin.trainModel',
  evaluateModel: 'margin.evaluateModel',
  showLog: 'margin.showLog',
  clearCache: 'margin.clearCache',
  cancelJob: 'margin.cancelJob',
  searchAnswers: 'margin.searchAnswers',
  showContradictions: 'margin.showContradictions',
  settleDisagreements: 'margin.settleDisagreements',
  showSessionSummary: 'margin.showSessionSummary',
  /** of a row in the Answers view: not in the palette */
  flipAnswer: 'margin.flipAnswer',
  correctAnswer: 'margin.correctAnswer',
  undoAct: 'margin.undoAct',
  /** of a row in the Lanes view: not in the palette */
  openLane: 'margin.openLane',
  mineLaneAgain: 'margin.mineLaneAgain',
} as const;

export const views = {
  container: 'margin',
  label: 'margin.label',
  lanes: 'margin.lanes',
  answers: 'margin.answers',
} as const;

/** Editor pages, by the type that VS Code restores them by. */
export const pages = {
  training: 'margin.training',
} as const;

/** custom editors */
export const editors = {
  manifest: 'margin.manifest',
} as const;

/** pages that the code opens; package.json does not know them */
export const webviews = {
  preview: 'margin.preview',
} as const;

export const settings = {
  section: 'margin',
  model: 'model',
  backend: 'backend',
  decoder: 'decoder',
  tfjsNodePath: 'tfjsNodePath',
  classes: 'classes',
  classDepth: 'classDepth',
  exclude: 'exclude',
  svg: 'svg',
  distance: 'distance',
  margin: 'margin',
  strategy: 'strategy',
  topK: 'topK',
  indexAbove: 'indexAbove',
  perImage: 'perImage',
  seed: 'seed',
  annotator: 'annotator',
  revealOpinion: 'revealOpinion',
  repeatShare: 'repeatShare',
  overlap: 'overlap',
  thumbnailSize: 'thumbnailSize',
  augmentation: 'training.augmentation',
} as const;

export const contextKeys = {
  /** the Label view has the keyboard */
  labelFocus: 'margin.labelFocus',
  /** a lane was mined in the current folder */
  hasLane: 'margin.hasLane',
  /** a job runs */
  working: 'margin.working',
} as const;
