// What the build makes. Sizes in budgets are KiB of the minified file.

const node = {
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['vscode', 'sharp', '@img/sharp-wasm32', '@tensorflow/tfjs-node', 'onnxruntime-node'],
};
const page = { platform: 'browser', format: 'iife', target: 'chrome128', loader: { '.svg': 'text' } };

/** Bundles by name: esbuild options. */
export const bundles = {
  extension: { ...node, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs' },
  'label-page': { ...page, entryPoints: ['webview/label/main.ts'], outfile: 'dist/webview/label.js' },
  'train-page': { ...page, entryPoints: ['webview/train/main.ts'], outfile: 'dist/webview/train.js' },
  'manifest-page': { ...page, entryPoints: ['webview/manifest/main.ts'], outfile: 'dist/webview/manifest.js' },
  'preview-page': { ...page, entryPoints: ['webview/preview/main.ts'], outfile: 'dist/webview/preview.js' },
  engine: { ...node, entryPoints: ['src/engine/main.ts'], outfile: 'dist/engine.cjs' },
  'embed-worker': { ...node, entryPoints: ['src/model/worker.ts'], outfile: 'dist/embed-worker.cjs' },
  'train-worker': { ...node, entryPoints: ['src/model/training/train-worker.ts'], outfile: 'dist/train-worker.cjs' },
  'kernel-worker': { ...node, entryPoints: ['src/kernel/worker.ts'], outfile: 'dist/kernel-worker.cjs' },
  cli: { ...node, entryPoints: ['src/cli/main.ts'], outfile: 'dist/cli.cjs', banner: { js: '#!/usr/bin/env node' } },
};

/** Shared memory of any size up to 4 GiB; the mining kernel's threads work on it together. */
const kernelFlags = [
  ...['-O3', '--noAssert', '--noExportMemory', '--runtime', 'stub'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'simd', '--enable', 'threads'],
];

/** AssemblyScript modules: source, file in dist, compiler flags. */
const trainFlags = [
  '-O3',
  '--noAssert',
  '--noExportMemory',
  '--runtime',
  'stub',
  '--importMemory',
  '--disableWarning',
  '112',
];
export const wasmModules = [
  { source: 'src/kernel/assembly/index.ts', out: 'wasm/kernel-simd.wasm', flags: kernelFlags },
  {
    source: 'src/kernel/assembly/index.ts',
    out: 'wasm/kernel-relaxed.wasm',
    flags: [...kernelFlags, '--enable', 'relaxed-simd'],
  },
  {
    source: 'src/model/assembly/index.ts',
    out: 'wasm/train-simd.wasm',
    flags: [...trainFlags, '--enable', 'simd'],
  },
  {
    source: 'src/model/assembly/index.ts',
    out: 'wasm/train-relaxed.wasm',
    flags: [...trainFlags, '--enable', 'simd', '--enable', 'relaxed-simd'],
  },
];

/** Files to copy: from the repository's root, to a place in dist. */
export const copies = [
  {
    from: 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
    to: 'wasm/tfjs-backend-wasm-simd.wasm',
  },
];

/** KiB, by output file; checked on `--release`. */
export const budgets = {
  'dist/extension.cjs': 120,
  'dist/webview/label.js': 160,
  'dist/webview/label.css': 12,
  'dist/webview/manifest.js': 160,
  'dist/webview/manifest.css': 16,
  'dist/webview/preview.js': 140,
  'dist/webview/preview.css': 12,
  'dist/webview/train.js': 160,
  'dist/webview/train.css': 12,
};
