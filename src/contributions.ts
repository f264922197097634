/** Every id that package.json and the code share, in one place; test/contributions.test.ts holds the two together. */

export const commands = {
  mineHardTriplets: 'margin.mineHardTriplets',
  mineSemiHardTriplets: 'margin.mineSemiHardTriplets',
  mineHardNegatives: 'margin.mineHardNegatives',
  labelNextPair: 'margin.labelNextPair',
  undoLastAnswer: 'margin.undoLastAnswer',
  chooseModel: 'margin.chooseModel',
  exportManifest: 'margin.exportManifest',
  showLog: 'margin.showLog',
  clearCache: 'margin.clearCache',
} as const;

export const views = {
  container: 'margin',
  label: 'margin.label',
  lanes: 'margin.lanes',
} as const;

export const settings = {
  section: 'margin',
  model: 'model',
  backend: 'backend',
  decoder: 'decoder',
  tfjsNodePath: 'tfjsNodePath',
  classes: 'classes',
  exclude: 'exclude',
  svg: 'svg',
  distance: 'distance',
  margin: 'margin',
  topK: 'topK',
  perImage: 'perImage',
  revealOpinion: 'revealOpinion',
  thumbnailSize: 'thumbnailSize',
} as const;

export const contextKeys = {
  labelFocus: 'margin.labelFocus',
  hasLane: 'margin.hasLane',
} as const;
