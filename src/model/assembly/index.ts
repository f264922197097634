// What tfjs-backend-wasm lacks, does wrongly or does slowly, on its own memory: nothing is copied between the two modules.
export { scratchBytes, pad, packFilter, packFilterTurned, packTapsTurned, convolve, convolveTo, convolveFilterGradient } from './convolution';
export { turnFilter, winogradBytes, winogradConvolve, winogradFilterGradient } from './winograd';
export { columnSums, moments, affineOf, normalise, normaliseGradient, normalisePool, normalisePoolGradient } from './norm';
export { averagePoolGradient, maxPoolGradient, depthwiseInputGradient, depthwiseFilterGradient } from './windows';
export { gatherRows, scatterRows } from './rows';
export { adam, sgd } from './optimise';
