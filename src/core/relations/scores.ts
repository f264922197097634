import type { ImageHash } from '../types';
import { clusterAnswers, type Prior, type SignedEdge, STRONGEST_OPINION } from './clusters';
import type { Steps } from '../steps';
import { placed, type PlacedJudgement } from './explain';
import type { Edge, RelationGraph } from './graph';
import { GroupSupport } from './support';

/** Log-odds that a judgement is right, as `logOddsRight` gives. */
export type WeightOf = (judgement: PlacedJudgement) => number;

export interface ScoreOptions {
  /** log-odds that an answer is right by itself */
  weightOf: WeightOf;
  /** the model's probability that two images are the same; undefined for images it does not know */
  probabilitySame?: (a: ImageHash, b: ImageHash) => number | undefined;
}

export interface ScoredAnswer extends PlacedJudgement {
  /** logarithm of the odds that the answer is wrong */
  score: number;
  /** the answer breaks the groups: `same` across two of them, or `different` inside one */
  breaks: boolean;
}

const SAMPLES = 4;
const logit = (p: number) => Math.log(Math.max(1e-3, p) / Math.max(1e-3, 1 - p));

/**
 * The odds of each answer of some edges. An answer speaks of all images on its two sides, so it is judged by everything
 * else that does: the images are put into the groups that break the least answer weight, and an answer's odds of being
 * wrong are those of its own evidence against the net weight of the other answers between the same two sides, and against
 * the model's mean opinion of pairs across them (average linkage: it says more than the one pair).
 */
export function* scoreAnswers(graph: RelationGraph, of: Iterable<Edge>, options: ScoreOptions): Steps<ScoredAnswer[]> {
  const prior = priorOf(graph, options);
  const signed = new Map<Edge, SignedEdge>();
  for (const edge of of) {
    const sum = (relation: 'same' | 'different') =>
      placed(graph, edge, relation).reduce((total, judgement) => total + options.weightOf(judgement), 0);
    if (edge.same || edge.different) signed.set(edge, { a: edge.a, b: edge.b, weight: sum('same') - sum('different') });
  }
  const edges = [...signed.values()];
  const groupOf = clusterAnswers(edges, prior);
  const others = otherWeights(edges, groupOf, prior);
  const support = new GroupSupport(edges, groupOf, prior);

  const scored: ScoredAnswer[] = [];
  for (const [edge, weighed] of signed) {
    yield;
    const joined = groupOf.get(edge.a) === groupOf.get(edge.b);
    const together = joined ? support.of(weighed) : others(weighed);
    for (const relation of ['same', 'different'] as const) {
      for (const judgement of placed(graph, edge, relation)) {
        const own = options.weightOf(judgement);
        // Of a pair on which people differ, the others' answers speak as well.
        const rest = together + weighed.weight - (relation === 'same' ? own : -own);
        const score = -own - (relation === 'same' ? rest : -rest);
        scored.push({ ...judgement, score, breaks: joined !== (relation === 'same') });
      }
    }
  }
  return scored;
}

/** For an answer between two groups: what all other answers between them say, and the prior. */
function otherWeights(edges: readonly SignedEdge[], groupOf: ReadonlyMap<number, number>, prior: Prior) {
  const net = new Map<string, number>();
  const keyOf = ({ a, b }: SignedEdge) => {
    const [p, q] = [groupOf.get(a)!, groupOf.get(b)!];
    return p < q ? `${p} ${q}` : `${q} ${p}`;
  };
  for (const edge of edges) net.set(keyOf(edge), (net.get(keyOf(edge)) ?? 0) + edge.weight);
  const members = new Map<number, number[]>();
  for (const [node, group] of groupOf) {
    const list = members.get(group);
    if (list === undefined) members.set(group, [node]);
    else list.push(node);
  }
  return (edge: SignedEdge) =>
    net.get(keyOf(edge))! - edge.weight + prior(members.get(groupOf.get(edge.a)!)!, members.get(groupOf.get(edge.b)!)!);
}

/** The model's mean log-odds over some pairs across two groups; of single images their own answer knows already. */
function priorOf(graph: RelationGraph, { probabilitySame }: ScoreOptions): Prior {
  if (probabilitySame === undefined) return () => 0;
  const some = (nodes: readonly number[]) => {
    const step = Math.max(1, nodes.length / SAMPLES);
    return Array.from({ length: Math.min(SAMPLES, nodes.length) }, (_, i) => nodes[Math.floor(i * step)]);
  };
  return (one, other) => {
    if (one.length * other.length === 1) return 0;
    let sum = 0;
    let count = 0;
    for (const x of some(one)) {
      for (const y of some(other)) {
        const p = probabilitySame(graph.hashOf(x), graph.hashOf(y));
        if (p === undefined) continue;
        sum += logit(p);
        count++;
      }
    }
    return count === 0
      ? 0
      : Math.max(-STRONGEST_OPINION, Math.min(STRONGEST_OPINION, (sum / count) * Math.sqrt(Math.min(4, count))));
  };
}
