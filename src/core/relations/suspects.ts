import type { ImageHash } from '../types';
import { contradictionAt, type Contradiction, type WeightOf } from './contradiction';
import type { PlacedJudgement } from './explain';
import type { Edge, RelationGraph } from './graph';

export interface RankedAnswer extends PlacedJudgement {
  /** logarithm of the odds that the answer is wrong, larger is more suspect */
  score: number;
  contradicted: boolean;
}

export interface SuspectOptions {
  /** log-odds that an answer is right by itself, as `logOddsRight` gives */
  weightOf: WeightOf;
  /** the model's probability that two images are the same; undefined for images it does not know */
  probabilitySame?: (a: ImageHash, b: ImageHash) => number | undefined;
  /** pairs looked at across the two sides of an answer */
  samples?: number;
}

const FLOOR = 1e-3;
const logit = (p: number) => Math.log(Math.max(FLOOR, p) / Math.max(FLOOR, 1 - p));

/**
 * Every decisive answer, the most suspect first. Beside its own evidence an answer is judged by company: it speaks for all
 * pairs between the images on its two sides, so the model's mean opinion of those (average linkage) says more than that of
 * the one pair; where other answers join the two sides as well, they vouch for a `same`. In a contradicted component the
 * odds are those of `contradictionAt`.
 */
export function rankSuspects(graph: RelationGraph, options: SuspectOptions): RankedAnswer[] {
  const { weightOf } = options;
  const inContradiction = contradictionOdds(graph, withCompany(graph, options));
  const ranked: RankedAnswer[] = [];
  for (const { a, b, judgements } of graph.judged()) {
    const edge = graph.edgeOf(graph.nodeOf(a)!, graph.nodeOf(b)!)!;
    const company = companyOf(graph, edge, options);
    for (const judgement of judgements) {
      if (judgement.relation === 'incomparable') continue;
      const answer = { ...judgement, a, b };
      const support = (judgement.relation === 'same' ? 1 : -1) * company.opinion;
      const alone = -(weightOf(answer) + support + (judgement.relation === 'same' ? company.vouching : 0));
      const odds = inContradiction.get(judgement.id);
      const contradicted = graph.isContradicted(a) || graph.isContradicted(b);
      ranked.push({ ...answer, score: odds === undefined ? alone : Math.max(alone, odds), contradicted });
    }
  }
  return ranked.sort((x, y) => y.score - x.score || (x.id < y.id ? -1 : 1));
}

/** Contradictions of the whole graph, the largest component first. */
export function contradictions(graph: RelationGraph, weightOf: WeightOf): Contradiction[] {
  return graph
    .contradictedComponents()
    .map(([image]) => contradictionAt(graph, image, weightOf)!)
    .sort((x, y) => y.images.length - x.images.length);
}

function contradictionOdds(graph: RelationGraph, weightOf: WeightOf): Map<string, number> {
  const odds = new Map<string, number>();
  for (const { suspects } of contradictions(graph, weightOf)) {
    for (const { id, probability } of suspects) odds.set(id, Math.max(odds.get(id) ?? -Infinity, logit(probability)));
  }
  return odds;
}

function withCompany(graph: RelationGraph, options: SuspectOptions): WeightOf {
  return judgement => {
    const edge = graph.edgeOf(graph.nodeOf(judgement.a)!, graph.nodeOf(judgement.b)!)!;
    const { opinion } = companyOf(graph, edge, options);
    return options.weightOf(judgement) + (judgement.relation === 'same' ? opinion : -opinion);
  };
}

/** The model's mean log-odds of `same` across an answer's two sides, and whether other answers join them too. */
function companyOf(
  graph: RelationGraph,
  edge: Edge,
  { probabilitySame, samples = 64 }: SuspectOptions,
): { opinion: number; vouching: number } {
  const side = Math.ceil(Math.sqrt(samples));
  const left = sideOf(graph, edge.a, edge.b, edge, side);
  const right = sideOf(graph, edge.b, edge.a, edge, side);
  // A side that reaches the other end without this answer: there is a second chain.
  const vouching = edge.same && (left.reached || right.reached) ? 2 : 0;
  if (probabilitySame === undefined || left.nodes.length * right.nodes.length < 2) return { opinion: 0, vouching };
  let sum = 0;
  let count = 0;
  for (const x of left.nodes) {
    for (const y of right.nodes) {
      if (x === y) continue;
      const p = probabilitySame(graph.hashOf(x), graph.hashOf(y));
      if (p === undefined) continue;
      sum += logit(p);
      count++;
    }
  }
  return { opinion: count === 0 ? 0 : sum / count, vouching };
}

/** The nearest images on one side of an answer, over `same` answers other than itself. */
function sideOf(graph: RelationGraph, from: number, to: number, without: Edge, limit: number) {
  const nodes = [from];
  const seen = new Set(nodes);
  let reached = false;
  for (const node of nodes) {
    for (const edge of graph.edgesAt(node)) {
      if (!edge.same || edge === without) continue;
      const next = edge.a === node ? edge.b : edge.a;
      if (next === to) reached = true;
      if (seen.has(next) || next === to || nodes.length >= limit) continue;
      seen.add(next);
      nodes.push(next);
    }
  }
  return { nodes, reached };
}
