import type { Metric } from '../core/types';
import { METRICS } from '../core/types';

/** How a picture becomes the network's input: resized to width x height, then (value * scale - mean) / std per channel. */
export interface ModelInput {
  width: number;
  height: number;
  channels: 1 | 3;
  /** `fill` stretches, `contain` keeps the shape and pads with `background`, `cover` keeps the shape and crops the middle */
  fit: 'fill' | 'contain' | 'cover';
  /** grey value 0-255 of the padding */
  background: number;
  /** multiplies the byte 0-255 */
  scale: number;
  /** one a channel, in the units after `scale` */
  mean: number[];
  std: number[];
}

/** What the vectors are and how they are to be compared. */
export interface ModelEmbedding {
  /** length of a vector; found by a trial run where a card does not say it */
  dimension?: number;
  /** scale each vector to unit L2 norm */
  normalise: boolean;
  /** the distance that the network was trained with */
  metric: Metric;
  /** of the weighted L1: one weight >= 0 a dimension */
  weights?: number[];
  /** the margin that it was trained with, in units of `metric` */
  margin?: number;
}

/** `card.json` beside a `model.json`: what the network wants, gives, was trained on, and how good it is. */
export interface ModelCard {
  version: 1;
  name: string;
  description?: string;
  licence?: string;
  input: ModelInput;
  /** the layer (LayersModel) or node (GraphModel) whose output is the embedding; absent: the model's first output */
  output?: string;
  embedding: ModelEmbedding;
  /** written by training: choices, data, time, and figures before and after with their intervals */
  training?: Record<string, unknown>;
  evaluation?: Record<string, unknown>;
}

/** A card that cannot be used; the message names the field. */
export class CardError extends Error {
  override name = 'CardError';
}

/**
 * Completes what a `card.json` holds (or nothing) with the documented defaults: bytes scaled to 0..1, stretched to the
 * input's size, no mean or deviation, vectors normalised and compared by cosine. `shape` is the model's own input
 * (null where the model leaves it open).
 * @throws CardError when a field has a wrong type, or contradicts the model's own input shape.
 */
export function completeCard(
  raw: unknown,
  name: string,
  shape: { width: number | null; height: number | null; channels: number | null },
): ModelCard {
  const card = record(raw ?? {}, 'card');
  const input = record(card['input'] ?? {}, 'input');
  const embedding = record(card['embedding'] ?? {}, 'embedding');
  const channels = agree('channels', positive(input['channels'], 'input.channels'), shape.channels) ?? 3;
  if (channels !== 1 && channels !== 3)
    throw new CardError(`a network over ${channels} channels cannot be fed images (1 or 3)`);
  const metric = embedding['metric'] ?? 'cosine';
  if (!METRICS.includes(metric as Metric))
    throw new CardError(`embedding.metric is none of ${METRICS.join(', ')}: ${String(metric)}`);
  const weights = embedding['weights'] === undefined ? undefined : numbers(embedding['weights'], 'embedding.weights');
  if (weights?.some(w => w < 0)) throw new CardError('embedding.weights holds a negative weight: that is no distance');
  if (metric === 'weightedL1' && !weights)
    throw new CardError('embedding.metric is weightedL1, but embedding.weights is missing');
  const fit = input['fit'] ?? 'fill';
  if (fit !== 'fill' && fit !== 'contain' && fit !== 'cover')
    throw new CardError(`input.fit is none of fill, contain, cover: ${String(fit)}`);
  const width = agree('width', positive(input['width'], 'input.width'), shape.width) ?? 224;
  return {
    version: 1,
    name: text(card['name'], 'name') ?? name,
    ...optional('description', text(card['description'], 'description')),
    ...optional('licence', text(card['licence'], 'licence')),
    input: {
      width,
      height: agree('height', positive(input['height'], 'input.height'), shape.height) ?? width,
      channels,
      fit,
      background: number(input['background'], 'input.background') ?? 0,
      scale: number(input['scale'], 'input.scale') ?? 1 / 255,
      mean: perChannel(input['mean'], 'input.mean', channels, 0),
      std: perChannel(input['std'], 'input.std', channels, 1),
    },
    ...optional('output', text(card['output'], 'output')),
    embedding: {
      ...optional('dimension', positive(embedding['dimension'], 'embedding.dimension')),
      normalise: typeof embedding['normalise'] === 'boolean' ? embedding['normalise'] : metric !== 'weightedL1',
      metric: metric as Metric,
      ...optional('weights', weights),
      ...optional('margin', number(embedding['margin'], 'embedding.margin')),
    },
    ...optional('training', card['training'] as Record<string, unknown> | undefined),
    ...optional('evaluation', card['evaluation'] as Record<string, unknown> | undefined),
  };
}

function optional<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new CardError(`${what} is not an object`);
  return value as Record<string, unknown>;
}

function text(value: unknown, what: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new CardError(`${what} is not a text`);
  return value;
}

function number(value: unknown, what: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new CardError(`${what} is not a number`);
  return value;
}

function positive(value: unknown, what: string): number | undefined {
  const found = number(value, what);
  if (found !== undefined && (!Number.isInteger(found) || found < 1))
    throw new CardError(`${what} is not a whole number above 0`);
  return found;
}

function numbers(value: unknown, what: string): number[] {
  if (!Array.isArray(value)) throw new CardError(`${what} is not a list of numbers`);
  return value.map((entry, i) => number(entry, `${what}[${i}]`) ?? 0);
}

function perChannel(value: unknown, what: string, channels: number, otherwise: number): number[] {
  if (value === undefined) return new Array<number>(channels).fill(otherwise);
  const list = typeof value === 'number' ? new Array<number>(channels).fill(value) : numbers(value, what);
  if (list.length !== channels) throw new CardError(`${what} has ${list.length} numbers for ${channels} channels`);
  if (otherwise === 1 && list.includes(0)) throw new CardError(`${what} holds a 0: a division by it`);
  return list;
}

function agree(what: string, ofCard: number | undefined, ofModel: number | null): number | undefined {
  if (ofModel !== null && ofCard !== undefined && ofModel !== ofCard) {
    throw new CardError(`card.json says input.${what} ${ofCard}, the model itself wants ${ofModel}`);
  }
  return ofModel ?? ofCard;
}
