import * as tf from '@tensorflow/tfjs-core';
import { initializers, input as inputLayer, layers, model as layersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { loadTfjs, overLayers } from '../load-model';
import type { ModelSource } from '../source';
import type { ModelArtifacts } from './artifacts';
import type { NetworkOptions } from './backbones';
import { buildNetwork } from './backbones';
import { foldNetwork } from './embed-forward';
import type { FoldedNetwork } from './embed-forward';
import { extendGraph } from './graph-head';
import { planOf } from './plan';

/** What training works on: perhaps a frozen trunk, and a network whose weights are learned. */
export interface NetworkParts {
  /** runs before the network, without gradients */
  trunk?: { run(x: tf.Tensor): tf.Tensor };
  network: LayersModel;
  /** both together, as files */
  artifacts(): Promise<ModelArtifacts>;
  /** the model that is gone on from */
  original?: OriginalModel;
}

/** A model as it was before training. */
export interface OriginalModel {
  /** what embeds as it did; to be asked for before the first step, and let go of */
  embedder(): FoldedNetwork;
  dimension: number;
  /** the network begins with the same embeddings, not normalised: nothing new stands behind them */
  alike: boolean;
  artifacts: ModelArtifacts;
}

export type PartsOptions = Omit<NetworkOptions, 'backbone'> & {
  backbone: NetworkOptions['backbone'] | 'own';
  /** of `own` 0: as many numbers as the model gives */
  embeddingSize: number;
  freeze: boolean;
};

/**
 * Builds what is trained: a backbone, or a person's own model (`source`), whole or frozen under a new dense head.
 * @throws RangeError with the reason where that cannot be
 */
export async function buildParts(options: PartsOptions, source?: ModelSource): Promise<NetworkParts> {
  if (options.backbone !== 'own') {
    const network = buildNetwork({ ...options, backbone: options.backbone });
    return { network, artifacts: () => artifactsOf(network) };
  }
  if (!source) throw new RangeError('training an own network needs one: choose the model to start from');
  const own = await loadTfjs(source);
  if (own.format === 'graph-model') return overGraph(own.model, source, options);
  return options.freeze ? overFrozenLayers(own.model, source, options) : wholeLayers(own.model, source, options);
}

/** A model's own files, as they were read. */
function filesOf(source: ModelSource): ModelArtifacts {
  const { modelTopology, signature } = source.topology as { modelTopology: object; signature?: object };
  return {
    format: source.format,
    topology: modelTopology,
    specs: source.specs,
    weights: source.weights,
    ...(source.card.output === undefined ? {} : { output: source.card.output }),
    ...(signature ? { signature } : {}),
  };
}

/**
 * A model with a square linear map behind its embedding, as files. A tfjs backend must run in this thread.
 * @param map row by row: y_i = sum_j map[i * dimension + j] x_j
 */
export async function appendMap(source: ModelSource, map: Float64Array, dimension: number): Promise<ModelArtifacts> {
  const { width, height, channels } = source.card.input;
  const parts = await buildParts(
    { backbone: 'own', freeze: true, width, height, channels, embeddingSize: dimension, widen: 1, seed: 1 },
    source,
  );
  const kernel = tf.tidy(() => tf.transpose(tf.tensor2d(Float32Array.from(map), [dimension, dimension])));
  const bias = tf.zeros([dimension]);
  parts.network.setWeights([kernel, bias]);
  const artifacts = await parts.artifacts();
  tf.dispose([kernel, bias]);
  parts.network.dispose();
  return artifacts;
}

function wholeLayers(base: LayersModel, source: ModelSource, options: PartsOptions): NetworkParts {
  const features = pooled(base.outputs[0]!);
  const dimension = features.shape.at(-1)!;
  const alike = options.embeddingSize === 0 || options.embeddingSize === dimension;
  const output = alike ? features : headLayer(options, dimension, base).apply(features);
  const network = layersModel({ inputs: base.inputs, outputs: output as SymbolicTensor });
  for (const layer of network.layers) layer.trainable = true;
  refuseUnplaced(network);
  const embedder = (): FoldedNetwork => foldNetwork(planOf(layersModel({ inputs: base.inputs, outputs: features })));
  return {
    network,
    artifacts: () => artifactsOf(network),
    original: { embedder, dimension, alike, artifacts: filesOf(source) },
  };
}

/** A plan is what training runs by; where there is none, that is known before anything starts. */
function refuseUnplaced(network: LayersModel): void {
  try {
    planOf(network);
  } catch (error) {
    throw new RangeError(
      `This network cannot be trained whole: ${error instanceof Error ? error.message : String(error)}. ` +
        'Train its head only (--freeze), or give a network with one input in which each layer is used once and gives one output.',
      { cause: error },
    );
  }
}

function overFrozenLayers(base: LayersModel, source: ModelSource, options: PartsOptions): NetworkParts {
  const output = pooled(base.outputs[0]!);
  const dimension = output.shape.at(-1)!;
  // Frozen it is only run, so that it need not be a sequence of layers.
  const trunk = overLayers(layersModel({ inputs: base.inputs, outputs: output }));
  const { head, network, alike } = headNetwork(options, dimension, base);
  return {
    trunk,
    network,
    artifacts: () => artifactsOf(layersModel({ inputs: base.inputs, outputs: head.apply(output) as SymbolicTensor })),
    original: { embedder: () => lent(trunk), dimension, alike, artifacts: filesOf(source) },
  };
}

/** A dense layer over so many features, as a network of its own. */
function headNetwork(options: PartsOptions, dimension: number, base?: LayersModel) {
  const head = headLayer(options, dimension, base);
  const features = inputLayer({ shape: [dimension], name: 'features' });
  const network = layersModel({ inputs: features, outputs: head.apply(features) as SymbolicTensor });
  return { head, network, alike: head.getConfig()['units'] === dimension };
}

/** The same, kept when whoever has it lets go of it. */
function lent({ run }: { run(x: tf.Tensor): tf.Tensor }): FoldedNetwork {
  return { run, dispose: () => undefined };
}

function overGraph(model: GraphModel, source: ModelSource, options: PartsOptions): NetworkParts {
  if (!options.freeze) {
    throw new RangeError(
      "a GraphModel's weights are constants, so it cannot be trained whole: train its head only (--freeze), learn a map from answers (--map), or give the network as a LayersModel",
    );
  }
  const output = nodeOf(source, source.card.output ?? model.outputNodes[0]!);
  const run = (x: tf.Tensor): tf.Tensor => {
    const result = model.execute(x, output) as tf.Tensor;
    return result.rank === 4 ? tf.mean(result, [1, 2]) : tf.reshape(result, [x.shape[0]!, -1]);
  };
  const shape = tf.tidy(() => run(tf.zeros([1, options.height, options.width, options.channels])).shape);
  const rank = tf.tidy(
    () => (model.execute(tf.zeros([1, options.height, options.width, options.channels]), output) as tf.Tensor).rank,
  );
  const dimension = shape[1]!;
  const { head, network, alike } = headNetwork(options, dimension);
  return {
    trunk: { run },
    network,
    artifacts: () => {
      const [kernel, bias] = head.getWeights().map(w => ({ shape: w.shape, values: w.dataSync<'float32'>() }));
      return Promise.resolve(extendGraph(source, output, rank === 4, kernel!, bias!));
    },
    original: { embedder: () => lent({ run }), dimension, alike, artifacts: filesOf(source) },
  };
}

/** The node that gives an output which may be called by the signature's name for it. */
function nodeOf({ topology }: ModelSource, output: string): string {
  const { signature } = topology as { signature?: { outputs?: Record<string, { name?: string }> } };
  const named = signature?.outputs?.[output]?.name;
  return named === undefined ? output : named.replace(/:0$/, '');
}

/**
 * A dense layer behind a model's embedding. Of as many numbers it begins as the identity, so that the model begins as it was.
 * A model that was given a head before may be given another: its layer has the next free name.
 */
function headLayer(options: PartsOptions, dimension: number, base?: LayersModel) {
  const units = options.embeddingSize || dimension;
  const kernelInitializer =
    units === dimension ? initializers.identity({}) : initializers.glorotNormal({ seed: options.seed * 1009 });
  const taken = new Set(base?.layers.map(({ name }) => name));
  let name = 'margin_embedding';
  for (let n = 2; taken.has(name); n++) name = `margin_embedding_${n}`;
  return layers.dense({ name, units, kernelInitializer });
}

function pooled(output: SymbolicTensor): SymbolicTensor {
  if (output.shape.length === 4)
    return layers.globalAveragePooling2d({ name: 'margin_average' }).apply(output) as SymbolicTensor;
  return output.shape.length === 2
    ? output
    : (layers.flatten({ name: 'margin_flatten' }).apply(output) as SymbolicTensor);
}

async function artifactsOf(model: LayersModel): Promise<ModelArtifacts> {
  let saved: tf.io.ModelArtifacts | undefined;
  await model.save(
    tf.io.withSaveHandler(artifacts => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } });
    }),
  );
  return {
    format: 'layers-model',
    topology: saved!.modelTopology as object,
    specs: saved!.weightSpecs!,
    weights: tf.io.CompositeArrayBuffer.join(saved!.weightData),
  };
}
