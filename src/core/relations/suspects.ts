import type { Steps } from '../steps';
import { contradictionAt, type Contradiction } from './contradiction';
import type { RelationGraph } from './graph';
import { type ScoredAnswer, scoreAnswers, type ScoreOptions, type WeightOf } from './scores';

export interface RankedAnswer extends ScoredAnswer {
  contradicted: boolean;
}

/** Every decisive answer, the most suspect first; how, see `scoreAnswers`. */
export function* rankSuspects(graph: RelationGraph, options: ScoreOptions): Steps<RankedAnswer[]> {
  const edges = (function* () {
    for (const { a, b } of graph.judged()) yield graph.edgeOf(graph.nodeOf(a)!, graph.nodeOf(b)!)!;
  })();
  const scored = yield* scoreAnswers(graph, edges, options);
  return scored
    .map(answer => ({ ...answer, contradicted: graph.isContradicted(answer.a) || graph.isContradicted(answer.b) }))
    .sort((x, y) => y.score - x.score || (x.id < y.id ? -1 : 1));
}

/** Contradictions of the whole graph, the largest component first. */
export function contradictions(graph: RelationGraph, weightOf: WeightOf): Contradiction[] {
  return graph
    .contradictedComponents()
    .map(([image]) => contradictionAt(graph, image, weightOf)!)
    .sort((x, y) => y.images.length - x.images.length);
}
