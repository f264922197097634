import * as tf from '@tensorflow/tfjs-core';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import type { GraphModel } from '@tensorflow/tfjs-converter';
import { loadLayersModel, model as layersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { LoadedBackend } from './backend/choice';
import type { Embedder } from './embedder';
import { foldNetwork } from './network/embed-forward';
import type { FoldedNetwork } from './network/embed-forward';
import { planOf } from './network/plan';
import { batchSize, checkPixels, describe, pictureBytes } from './embedder';
import type { ModelSource } from './source';
import { ModelError } from './source';

/** Normalised vectors of zero length stay zero: the sum of squares gets this before the root. */
const NORM_EPSILON = 1e-12;

/**
 * Builds the embedder of a model on the backend that runs in this thread.
 * @throws ModelError when the topology and weights do not make a model, or it does not map one picture to one vector.
 */
export async function createEmbedder(source: ModelSource, backend: LoadedBackend): Promise<Embedder> {
  const network = await build(source);
  const { input, embedding } = source.card;
  const run = (pixels: Uint8Array, count: number): tf.Tensor2D =>
    tf.tidy(() => {
      const vectors = toRows(network.run(toInput(pixels, count, source)), count);
      return embedding.normalise ? normaliseRows(vectors) : vectors;
    });
  const trial = await probe(() => run(new Uint8Array(pictureBytes(input)), 1), source);
  if (embedding.dimension !== undefined && embedding.dimension !== trial) {
    throw new ModelError(`Model "${source.id}": its card says dimension ${embedding.dimension}, it gives ${trial}.`);
  }
  if (embedding.weights && embedding.weights.length !== trial) {
    throw new ModelError(
      `Model "${source.id}": its card has ${embedding.weights.length} weights for a dimension of ${trial}.`,
    );
  }
  return {
    ...describe(source, trial, backend),
    async embed(pixels, count, options = {}) {
      checkPixels(pixels, count, input);
      const out = new Float32Array(count * trial);
      const step = batchSize(input);
      const bytes = pictureBytes(input);
      for (let at = 0; at < count; at += step) {
        options.signal?.throwIfAborted();
        const n = Math.min(step, count - at);
        const vectors = run(pixels.subarray(at * bytes, (at + n) * bytes), n);
        out.set(await vectors.data<'float32'>(), at * trial);
        vectors.dispose();
      }
      return out;
    },
    dispose: () => Promise.resolve(network.dispose()),
  };
}

async function build(source: ModelSource): Promise<FoldedNetwork> {
  const loaded = await loadTfjs(source);
  return loaded.format === 'graph-model' ? overGraph(loaded.model, source) : overLayers(loaded.model);
}

export type TfjsModel =
  | { format: 'graph-model'; model: GraphModel }
  /** cut at the card's output already */
  | { format: 'layers-model'; model: LayersModel };

/**
 * Makes the tfjs model of a source, on the backend that runs.
 * @throws ModelError when its files do not make one
 */
export async function loadTfjs(source: ModelSource): Promise<TfjsModel> {
  const handler = tf.io.fromMemory({
    ...source.topology,
    weightSpecs: source.specs,
    weightData: source.weights,
  });
  try {
    if (source.format === 'graph-model') return { format: source.format, model: await loadGraphModel(handler) };
    return { format: source.format, model: cutAtOutput(await loadLayersModel(handler), source) };
  } catch (error) {
    if (error instanceof ModelError) throw error;
    throw new ModelError(
      `Model "${source.id}" does not load: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function cutAtOutput(model: LayersModel, source: ModelSource): LayersModel {
  if (model.inputs.length !== 1) {
    throw new ModelError(`Model "${source.id}" has ${model.inputs.length} inputs; an embedder has one.`);
  }
  const { output } = source.card;
  if (output === undefined) return model;
  return layersModel({ inputs: model.inputs, outputs: layerOutput(model, output, source) });
}

/** A LayersModel made ready to embed: folded, where its layers can be placed in a sequence. */
export function overLayers(model: LayersModel): FoldedNetwork {
  const folded = fold(model);
  return {
    run: x => {
      if (folded) return folded.run(x);
      const y = model.predict(x);
      return Array.isArray(y) ? y[0]! : y;
    },
    dispose: () => {
      folded?.dispose();
      model.dispose();
    },
  };
}

/** A network that is no plain sequence of steps runs as tf.layers runs it, slower. */
function fold(model: LayersModel): FoldedNetwork | undefined {
  try {
    return foldNetwork(planOf(model));
  } catch {
    return undefined;
  }
}

function layerOutput(model: LayersModel, name: string, source: ModelSource): LayersModel['outputs'][number] {
  const layer = model.layers.find(candidate => candidate.name === name);
  if (!layer) {
    throw new ModelError(
      `Model "${source.id}" has no layer "${name}" (card.json, output). It has: ${model.layers.map(l => l.name).join(', ')}.`,
    );
  }
  return layer.output as LayersModel['outputs'][number];
}

function overGraph(model: GraphModel, source: ModelSource): FoldedNetwork {
  const { output } = source.card;
  return {
    run: x => {
      const y = model.execute(x, output);
      return Array.isArray(y) ? y[0]! : y;
    },
    dispose: () => model.dispose(),
  };
}

function toInput(pixels: Uint8Array, count: number, source: ModelSource): tf.Tensor4D {
  const { width, height, channels, scale, mean, std } = source.card.input;
  const values = new Float32Array(pixels.length);
  for (let c = 0; c < channels; c++) {
    const factor = scale / std[c]!;
    const shift = -mean[c]! / std[c]!;
    for (let i = c; i < pixels.length; i += channels) values[i] = pixels[i]! * factor + shift;
  }
  return tf.tensor4d(values, [count, height, width, channels]);
}

/** Rows of vectors; a feature map is averaged over its places, as global average pooling does. */
function toRows(output: tf.Tensor, count: number): tf.Tensor2D {
  if (output.shape[0] !== count) {
    throw new ModelError(`the model gave ${output.shape[0] ?? 'no'} rows for ${count} pictures`);
  }
  if (output.rank === 4 && (output.shape[1]! > 1 || output.shape[2]! > 1)) return tf.mean(output, [1, 2]);
  return tf.reshape(output, [count, output.size / count]);
}

/** x / sqrt(sum x^2 + 1e-12), row by row. */
export function normaliseRows(x: tf.Tensor2D): tf.Tensor2D {
  return tf.div(x, tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), NORM_EPSILON)));
}

async function probe(run: () => tf.Tensor2D, source: ModelSource): Promise<number> {
  try {
    const vectors = run();
    const values = await vectors.data();
    vectors.dispose();
    if (!values.every(Number.isFinite))
      throw new ModelError('it gives numbers that are not finite for a black picture');
    return vectors.shape[1];
  } catch (error) {
    const { width, height, channels } = source.card.input;
    throw new ModelError(
      `Model "${source.id}" does not turn a picture of ${width} x ${height} x ${channels} into a vector: ` +
        `${error instanceof Error ? error.message : String(error)}. card.json can give another input size or output layer.`,
    );
  }
}
