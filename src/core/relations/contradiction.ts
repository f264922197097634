import { finish } from '../steps';
import type { ImageHash } from '../types';
import { placed, samePath, type PlacedJudgement } from './explain';
import type { Edge, RelationGraph } from './graph';
import { type CutEdge, minCut } from './min-cut';
import { scoreAnswers, type WeightOf } from './scores';

/** An answer in a contradiction. */
export interface Suspect extends PlacedJudgement {
  /** how likely it is wrong, given that something here must be */
  probability: number;
  /** part of the cheapest explanation: flip these and the contradiction is gone */
  proposed: boolean;
  /** what it would say then */
  flipTo: 'same' | 'different';
}

export interface Contradiction {
  /** the component's images: what exports leave out */
  images: ImageHash[];
  /** pairs said to be different that other answers make the same */
  pairs: [ImageHash, ImageHash][];
  /** the likeliest first */
  suspects: Suspect[];
}

/** One way in which some answers are wrong and all others right. */
interface Explanation {
  edges: Edge[];
  cost: number;
}

/** However much speaks against an answer, calling it wrong is never free: the fewest flips win among equals. */
const LEAST_WEIGHT = 0.05;
const MAX_ALTERNATIVES = 40;
/** Above this product of `different` pairs and `same` answers, cuts would take seconds. */
const MAX_CUT_WORK = 50_000;
/** Of a component too large for cuts, answers less suspect than this are not named. */
const LEAST_PROBABILITY = 0.05;

/**
 * The contradiction that an image's component holds, with its answers ranked by how likely each is the wrong one;
 * undefined where there is none.
 *
 * An explanation is a set of answers to call wrong so that no `different` pair is joined by `same` answers any more; it
 * costs the sum of their weights. For two images that must come apart the cheapest is a minimum cut; several such pairs
 * (a multicut, which is hard) are taken one cut at a time, the one that pays best first, where a cut pays by the
 * `different` answers that it keeps. An answer's probability is the share of exp(-cost) of the explanations that name it,
 * among the proposed cut, its contrary, and the best ones through each answer that joins the two images.
 *
 * A component where wrong answers have joined hundreds of images is too large for that: there `scoreAnswers` decides.
 */
export function contradictionAt(graph: RelationGraph, image: ImageHash, weightOf: WeightOf): Contradiction | undefined {
  const node = graph.nodeOf(image);
  if (node === undefined || !graph.isContradicted(image)) return undefined;
  const { members, inner } = graph.componentAt(node);
  const weigh = (edge: Edge, relation: 'same' | 'different') =>
    placed(graph, edge, relation).reduce((sum, judgement) => sum + Math.max(LEAST_WEIGHT, weightOf(judgement)), 0);

  const same = new Map<Edge, number>();
  for (const member of members) {
    for (const edge of graph.edgesAt(member)) if (edge.same) same.set(edge, 0);
  }
  const images = members.map(member => graph.hashOf(member));
  const pairs = [...inner].map(({ a, b }): [ImageHash, ImageHash] => [graph.hashOf(a), graph.hashOf(b)]);
  if (same.size * inner.size > MAX_CUT_WORK) {
    return { images, pairs, suspects: byGroups(graph, [...same.keys(), ...inner], weightOf) };
  }
  dropDeadEnds(same, inner);
  for (const edge of same.keys()) same.set(edge, weigh(edge, 'same'));
  const open = new Map([...inner].map(edge => [edge, weigh(edge, 'different')]));
  const suspicion = new Map<Edge, { same: number; different: number; wrongSame: boolean; wrongDifferent: boolean }>();
  const note = (edge: Edge) => {
    let found = suspicion.get(edge);
    if (found === undefined)
      suspicion.set(edge, (found = { same: 0, different: 0, wrongSame: false, wrongDifferent: false }));
    return found;
  };

  while (open.size > 0) {
    const step = bestStep(same, open);
    const { cut, kept, source, sink } = step;
    const cutWins = cut.cost < kept.cost;
    const alternatives: Explanation[] = alternativesTo(graph, same, source, sink, cut);
    const odds = [...alternatives, cut, kept].map(({ cost }) => Math.exp(Math.min(cut.cost, kept.cost) - cost));
    const total = odds.reduce((sum, x) => sum + x, 0);
    for (const [i, { edges }] of [...alternatives, cut].entries()) {
      for (const edge of edges) note(edge).same = Math.min(1, note(edge).same + odds[i] / total);
    }
    for (const edge of kept.edges) note(edge).different = Math.max(note(edge).different, odds.at(-1)! / total);
    if (cutWins) {
      for (const edge of cut.edges) {
        note(edge).wrongSame = true;
        same.delete(edge);
      }
    } else for (const edge of kept.edges) note(edge).wrongDifferent = true;
    for (const edge of kept.edges) open.delete(edge);
  }

  const suspects: Suspect[] = [];
  for (const [edge, found] of suspicion) {
    for (const judgement of edge.same ? placed(graph, edge, 'same') : []) {
      if (found.same === 0) continue;
      suspects.push({ ...judgement, probability: found.same, proposed: found.wrongSame, flipTo: 'different' });
    }
    for (const judgement of edge.different ? placed(graph, edge, 'different') : []) {
      suspects.push({ ...judgement, probability: found.different, proposed: found.wrongDifferent, flipTo: 'same' });
    }
  }
  return { images, pairs, suspects: suspects.sort(bySuspicion) };
}

/** Takes out the answers that lie between no two images that must come apart: branches that end. No cut needs them. */
function dropDeadEnds(same: Map<Edge, number>, inner: ReadonlySet<Edge>): void {
  const at = new Map<number, Set<Edge>>();
  for (const edge of same.keys()) {
    for (const node of [edge.a, edge.b]) {
      const edges = at.get(node);
      if (edges === undefined) at.set(node, new Set([edge]));
      else edges.add(edge);
    }
  }
  const apart = new Set([...inner].flatMap(({ a, b }) => [a, b]));
  const ends = [...at.keys()].filter(node => at.get(node)!.size === 1);
  for (const end of ends) {
    if (apart.has(end)) continue;
    for (const edge of at.get(end)!) {
      same.delete(edge);
      const other = edge.a === end ? edge.b : edge.a;
      const left = at.get(other)!;
      left.delete(edge);
      if (left.size === 1) ends.push(other);
    }
  }
}

function bySuspicion(x: Suspect, y: Suspect): number {
  return Number(y.proposed) - Number(x.proposed) || y.probability - x.probability || (x.id < y.id ? -1 : 1);
}

function byGroups(graph: RelationGraph, edges: readonly Edge[], weightOf: WeightOf): Suspect[] {
  const floored: WeightOf = judgement => Math.max(LEAST_WEIGHT, weightOf(judgement));
  return finish(scoreAnswers(graph, new Set(edges), { weightOf: floored }))
    .map(({ score, breaks, ...judgement }): Suspect => {
      const flipTo = judgement.relation === 'same' ? 'different' : 'same';
      return { ...judgement, probability: 1 / (1 + Math.exp(-score)), proposed: breaks, flipTo };
    })
    .filter(({ proposed, probability }) => proposed || probability >= LEAST_PROBABILITY)
    .sort(bySuspicion);
}

function listOf(same: Map<Edge, number>, without?: Edge): { edges: Edge[]; list: CutEdge[] } {
  const edges = [...same.keys()].filter(edge => edge !== without);
  return { edges, list: edges.map(edge => ({ a: edge.a, b: edge.b, weight: same.get(edge)! })) };
}

/** The cut that pays best: `kept` are the `different` answers that it leaves in peace, or else calls wrong. */
function bestStep(same: Map<Edge, number>, open: Map<Edge, number>) {
  const { edges, list } = listOf(same);
  let best: { cut: Explanation; kept: Explanation; source: number; sink: number } | undefined;
  // Of very many, the heaviest: each costs a flow.
  const tried = [...open].sort(([, x], [, y]) => y - x).slice(0, MAX_ALTERNATIVES);
  for (const [edge] of tried) {
    const found = minCut(list, edge.a, edge.b);
    const kept: Explanation = { edges: [], cost: 0 };
    for (const [other, weight] of open) {
      if (found.side.has(other.a) === found.side.has(other.b)) continue;
      kept.edges.push(other);
      kept.cost += weight;
    }
    const cut = { edges: found.edges.map(i => edges[i]), cost: found.weight };
    const pays = kept.cost - cut.cost;
    if (best === undefined || pays > best.kept.cost - best.cut.cost) best = { cut, kept, source: edge.a, sink: edge.b };
  }
  return best!;
}

/** The best explanations that name an answer on the shortest chain between the two images, and not only the cut. */
function alternativesTo(
  graph: RelationGraph,
  same: Map<Edge, number>,
  source: number,
  sink: number,
  cut: Explanation,
): Explanation[] {
  const found: Explanation[] = [];
  const chain = (samePath(graph, source, sink) ?? []).filter(edge => same.has(edge) && !cut.edges.includes(edge));
  for (const edge of chain.slice(0, MAX_ALTERNATIVES)) {
    const { edges, list } = listOf(same, edge);
    const rest = minCut(list, source, sink);
    found.push({ edges: [edge, ...rest.edges.map(i => edges[i])], cost: same.get(edge)! + rest.weight });
  }
  return found;
}
