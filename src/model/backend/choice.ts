/** `cpu` is tfjs' plain JavaScript: the reference that tests check the others against. */
export type BackendName = 'node' | 'wasm' | 'cpu';
/** `onnx` is onnxruntime-node: it embeds, where a model has an ONNX form; everything else then runs on another backend. */
export type BackendChoice = 'auto' | 'onnx' | BackendName;

export interface BackendOptions {
  choice: BackendChoice;
  /** folder with tfjs-backend-wasm's `.wasm` files and our `train.wasm`; with a trailing separator or without */
  wasmDir: string;
  /** folder of an `@tensorflow/tfjs-node` to load instead of the installed one */
  tfjsNodePath?: string;
  /** folder of an `onnxruntime-node` to load instead of the installed one */
  onnxPath?: string;
}

export interface LoadedBackend {
  name: BackendName;
  /** one line for each backend tried: which one runs, and why not the others */
  why: string[];
}

/** No backend of the chosen kind loads. `why` has a line for each one tried. */
export class BackendError extends Error {
  constructor(
    message: string,
    readonly why: string[],
  ) {
    super(message);
    this.name = 'BackendError';
  }
}
