import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { webAssembly } from './wasm-api';
import type { WasmMemory } from './wasm-api';

/** The exports of src/model/assembly, addresses and sizes as numbers. */
export interface TrainExports {
  scratchBytes(): number;
  pad(...args: number[]): void;
  packFilter(w: number, k: number, co: number, out: number): void;
  packFilterTurned(w: number, kh: number, kw: number, ci: number, co: number, out: number): void;
  packTapsTurned(...args: number[]): void;
  convolveTo(...args: number[]): void;
  convolve(...args: number[]): void;
  convolveFilterGradient(...args: number[]): void;
  turnFilter(w: number, ci: number, co: number, out: number): void;
  winogradBytes(ci: number, co: number): number;
  winogradConvolve(...args: number[]): void;
  winogradFilterGradient(...args: number[]): void;
  gatherRows(x: number, ids: number, count: number, width: number, out: number): void;
  scatterRows(x: number, ids: number, count: number, width: number, rows: number, out: number): void;
  columnSums(x: number, rows: number, c: number, out: number, acc: number): void;
  moments(x: number, rows: number, c: number, mean: number, variance: number, acc: number): void;
  affineOf(...args: number[]): void;
  normalise(x: number, rows: number, c: number, affine: number, activation: number, y: number): void;
  normaliseGradient(...args: number[]): void;
  normalisePool(...args: number[]): void;
  normalisePoolGradient(...args: number[]): void;
  averagePoolGradient(...args: number[]): void;
  maxPoolGradient(...args: number[]): void;
  depthwiseInputGradient(...args: number[]): void;
  depthwiseFilterGradient(...args: number[]): void;
  adam(...args: number[]): void;
  sgd(...args: number[]): void;
}

/** What we use of tfjs-backend-wasm's backend object. */
export interface WasmBackend {
  wasm: { asm: { memory: WasmMemory }; _malloc(bytes: number): number; _free(address: number): void };
  getMemoryOffset(dataId: object): number;
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  disposeData(dataId: object): boolean;
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
}

/** Our kernels, bound to the memory of this thread's tfjs-backend-wasm. */
export class WasmModule {
  private scratchAt = 0;
  private scratchSize = 0;

  private constructor(
    readonly run: TrainExports,
    readonly backend: WasmBackend,
    /** `relaxed SIMD` or `SIMD` */
    readonly kind: string,
  ) {}

  /**
   * Instantiates `train-relaxed.wasm` where the engine has relaxed SIMD (fused multiply-add, from V8 11.4 on), else
   * `train-simd.wasm`.
   * @throws Error when neither is in `wasmDir`, or tfjs' backend hides its memory
   */
  static load(wasmDir: string, backend: WasmBackend): WasmModule {
    const { memory } = backend.wasm.asm;
    if (!(memory instanceof webAssembly.Memory)) throw new Error('tfjs-backend-wasm does not show its memory');
    for (const [file, kind] of [
      ['train-relaxed.wasm', 'relaxed SIMD'],
      ['train-simd.wasm', 'SIMD'],
    ] as const) {
      const bytes = readFileSync(path.join(wasmDir, file));
      if (!webAssembly.validate(bytes)) continue;
      const instance = new webAssembly.Instance(new webAssembly.Module(bytes), { env: { memory } });
      return new WasmModule(instance.exports as unknown as TrainExports, backend, kind);
    }
    throw new Error('this JavaScript engine has no WebAssembly SIMD');
  }

  /** Address of a tensor's values. Stays valid while the tensor lives, also when the memory grows. */
  at(tensor: { dataId: object }): number {
    return this.backend.getMemoryOffset(tensor.dataId) >>> 0;
  }

  output(shape: number[], dtype: DataType = 'float32'): TensorInfo {
    return this.backend.makeOutput(shape, dtype);
  }

  free(...tensors: { dataId: object }[]): void {
    for (const { dataId } of tensors) this.backend.disposeData(dataId);
  }

  /** Address of at least `bytes` of working memory, 16-byte aligned; the next call may give the same. */
  scratch(bytes: number): number {
    if (bytes > this.scratchSize) {
      if (this.scratchAt !== 0) this.backend.wasm._free(this.scratchAt);
      this.scratchSize = Math.max(bytes, 1 << 16) + 16;
      this.scratchAt = this.backend.wasm._malloc(this.scratchSize) >>> 0;
      if (this.scratchAt === 0) throw new Error(`out of WebAssembly memory (${bytes} bytes of scratch)`);
    }
    return (this.scratchAt + 15) & ~15;
  }

  floats(address: number, count: number): Float32Array {
    return new Float32Array(this.backend.wasm.asm.memory.buffer, address, count);
  }
}

let current: WasmModule | undefined;

/** This thread's module; absent where another backend runs. */
export function wasmModule(): WasmModule | undefined {
  return current;
}

export function setWasmModule(module: WasmModule | undefined): void {
  current = module;
}
