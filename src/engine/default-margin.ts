import type { Steps } from '../core/steps';
import { rowDistance } from '../core/distances';
import { Random } from '../core/random';
import type { MiningData } from '../core/mining/types';
import type { Metric, MinedLane } from '../core/types';
import type { ModelCard } from '../model';

/** A margin that nobody chose, and where it comes from, in words. */
export interface FittingMargin {
  margin: number;
  why: string;
}

/** Images that are asked for their nearest, and images among which those are looked for: enough for a quantile. */
const ASKED = 256;
const AMONG = 8192;
/** Share of the images that have a negative nearer than the margin of pairs. */
const NEAREST_NEGATIVES = 0.25;
/** Of the median distance to the nearest image: pairs about so far apart are the ones in doubt. */
const IN_DOUBT = 1.5;
/** Of the median distance between two images: how much farther than a positive a negative should be. */
const FARTHER = 0.2;

/**
 * The margin that fits a model where nobody chose one. A margin means two things: of triplets it is the gap between two
 * distances (the hinge's), of pairs a distance itself (Hadsell's). The model's card is followed where its loss was of the same
 * kind and its distance is the one mined with; else it is measured on the vectors:
 * - triplets: a fifth of the median distance between two images (on the unit sphere about the usual 0.2);
 * - hard negatives: the distance within which a quarter of the images have a negative;
 * - uncertain pairs, for which no answers say where `same` ends: one and a half times the median distance to the nearest image.
 *
 * On seeded samples, so that it repeats; a few hundred images against a few thousand.
 */
export function* fittingMargin(
  lane: MinedLane,
  metric: Metric,
  data: Pick<MiningData, 'vectors' | 'dimension' | 'labels'>,
  { embedding, training }: Pick<ModelCard, 'embedding' | 'training'>,
  weights?: Float32Array,
): Steps<FittingMargin> {
  const ofPairs = lane === 'hard-negatives' || lane === 'uncertain-pairs';
  const loss = (training?.['options'] as { loss?: unknown } | undefined)?.loss;
  const sameKind = ofPairs ? loss === 'contrastive' : loss !== 'contrastive';
  if (embedding.margin !== undefined && embedding.metric === metric && sameKind) {
    return { margin: embedding.margin, why: 'the model was trained with it' };
  }
  const between = rowDistance(metric, data.dimension, weights);
  const { labels, vectors } = data;
  const random = new Random(1);
  const rows = random.shuffle(Array.from(labels.keys()));
  const distances: number[] = [];
  for (const [place, row] of rows.slice(0, ASKED).entries()) {
    yield;
    if (!ofPairs) {
      distances.push(between(vectors, row, vectors, rows[(place + 1) % rows.length]!));
      continue;
    }
    if (lane === 'hard-negatives' && labels[row]! < 0) continue;
    let nearest = Infinity;
    for (const other of rows.slice(0, AMONG)) {
      if (lane === 'hard-negatives' ? labels[other]! < 0 || labels[other] === labels[row] : other === row) continue;
      const d = between(vectors, row, vectors, other);
      // Exact copies are not mined.
      if (d > 0 && d < nearest) nearest = d;
    }
    if (nearest < Infinity) distances.push(nearest);
  }
  distances.sort((x, y) => x - y);
  const at = (q: number, factor = 1) => short((distances[Math.floor(q * distances.length)] ?? 0) * factor);
  // A squared distance grows with the square.
  const scaled = (factor: number) => (metric === 'sql2' || metric === 'cosine' ? factor ** 2 : factor);
  if (lane === 'hard-negatives') {
    return {
      margin: at(NEAREST_NEGATIVES),
      why: 'a quarter of the images have a negative nearer than that',
    };
  }
  if (lane === 'uncertain-pairs') {
    return {
      margin: at(0.5, scaled(IN_DOUBT)),
      why: 'one and a half times as far as an image’s nearest, by the median',
    };
  }
  return { margin: at(0.5, FARTHER), why: 'a fifth of the median distance between two images' };
}

/** Three digits: what was measured on a sample is no nearer, and a person is to read it. */
function short(value: number): number {
  return Number(value.toPrecision(3));
}
