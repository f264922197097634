// The kernel: bounds of all pairs by blocks, fused with the selection. One source, compiled twice: with fused multiply-add where
// the engine has relaxed SIMD, and with plain SIMD.
export { setup } from './plan';
export { exact, squaredNorm } from './exact';
export { sweepAnchors, sweepList, showAgain } from './anchors';
export { openGaps } from './gaps';
export { nearestOf } from './nearest';
export { sweepPairs, setBand, handedPairs, pairsInside, foundPairs } from './pairs';
