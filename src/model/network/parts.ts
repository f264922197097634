import * as tf from '@tensorflow/tfjs-core';
import { initializers, input as inputLayer, layers, model as layersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { loadTfjs } from '../load-model';
import type { ModelSource } from '../source';
import type { ModelArtifacts } from './artifacts';
import type { NetworkOptions } from './backbones';
import { buildNetwork } from './backbones';
import { foldNetwork } from './embed-forward';
import { extendGraph } from './graph-head';
import { planOf } from './plan';

/** What training works on: perhaps a frozen trunk, and a network whose weights are learned. */
export interface NetworkParts {
  /** runs before the network, without gradients */
  trunk?: { run(x: tf.Tensor): tf.Tensor };
  network: LayersModel;
  /** both together, as files */
  artifacts(): Promise<ModelArtifacts>;
}

export type PartsOptions = Omit<NetworkOptions, 'backbone'> & {
  backbone: NetworkOptions['backbone'] | 'own';
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
  return options.freeze ? overFrozenLayers(own.model, options) : wholeLayers(own.model, options);
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

function wholeLayers(base: LayersModel, options: PartsOptions): NetworkParts {
  const features = pooled(base.outputs[0]!);
  const dimension = features.shape.at(-1)!;
  const output = dimension === options.embeddingSize ? features : headLayer(options, base).apply(features);
  const network = layersModel({ inputs: base.inputs, outputs: output as SymbolicTensor });
  for (const layer of network.layers) layer.trainable = true;
  // A plan is what training runs by; where there is none, that is known before anything starts.
  planOf(network);
  return { network, artifacts: () => artifactsOf(network) };
}

function overFrozenLayers(base: LayersModel, options: PartsOptions): NetworkParts {
  const output = pooled(base.outputs[0]!);
  const trunkModel = layersModel({ inputs: base.inputs, outputs: output });
  const head = headLayer(options, base);
  const features = inputLayer({ shape: [output.shape.at(-1)!], name: 'features' });
  const network = layersModel({ inputs: features, outputs: head.apply(features) as SymbolicTensor });
  return {
    trunk: foldNetwork(planOf(trunkModel)),
    network,
    artifacts: () => artifactsOf(layersModel({ inputs: base.inputs, outputs: head.apply(output) as SymbolicTensor })),
  };
}

function overGraph(model: GraphModel, source: ModelSource, options: PartsOptions): NetworkParts {
  if (!options.freeze) {
    throw new RangeError(
      "a GraphModel's weights are constants, so it cannot be trained whole: train its head only (--freeze), learn a map from answers (--map), or give the network as a LayersModel",
    );
  }
  const output = source.card.output ?? model.outputNodes[0]!;
  const run = (x: tf.Tensor): tf.Tensor => {
    const result = model.execute(x, output) as tf.Tensor;
    return result.rank === 4 ? tf.mean(result, [1, 2]) : tf.reshape(result, [x.shape[0]!, -1]);
  };
  const shape = tf.tidy(() => run(tf.zeros([1, options.height, options.width, options.channels])).shape);
  const rank = tf.tidy(
    () => (model.execute(tf.zeros([1, options.height, options.width, options.channels]), output) as tf.Tensor).rank,
  );
  const head = headLayer(options);
  const features = inputLayer({ shape: [shape[1]!], name: 'features' });
  const network = layersModel({ inputs: features, outputs: head.apply(features) as SymbolicTensor });
  return {
    trunk: { run },
    network,
    artifacts: () => {
      const [kernel, bias] = head.getWeights().map(w => ({ shape: w.shape, values: w.dataSync<'float32'>() }));
      return Promise.resolve(extendGraph(source, output, rank === 4, kernel!, bias!));
    },
  };
}

/** A model that was given a head before may be given another: its layer has the next free name. */
function headLayer(options: PartsOptions, base?: LayersModel) {
  const kernelInitializer = initializers.glorotNormal({ seed: options.seed * 1009 });
  const taken = new Set(base?.layers.map(({ name }) => name));
  let name = 'margin_embedding';
  for (let n = 2; taken.has(name); n++) name = `margin_embedding_${n}`;
  return layers.dense({ name, units: options.embeddingSize, kernelInitializer });
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
