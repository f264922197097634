// What tfjs-backend-wasm lacks, does wrongly or does slowly, on its own memory: no copies between the two modules.
export { scratchBytes, pad, packFilter, packFilterTurned, convolve, convolveFilterGradient } from './convolution';
