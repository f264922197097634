import type { io } from '@tensorflow/tfjs-core';

/** A model's files, as `model.json` and `weights.bin` hold them. */
export interface ModelArtifacts {
  format: 'layers-model' | 'graph-model';
  topology: object;
  specs: io.WeightsManifestEntry[];
  weights: ArrayBuffer;
  /** the node that gives the embedding, where it is not the model's first output */
  output?: string;
  /** of a GraphModel: what its inputs and outputs are called */
  signature?: object;
}
