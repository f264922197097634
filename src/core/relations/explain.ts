import type { ImageHash } from '../types';
import type { Edge, Judgement, RelationGraph } from './graph';

/** A judgement together with its pair. */
export interface PlacedJudgement extends Judgement {
  a: ImageHash;
  b: ImageHash;
}

/** Breadth first over `same` edges from a node: for each node reached, the edge that reached it. */
function reach(graph: RelationGraph, start: number, without?: Edge): Map<number, Edge | undefined> {
  const via = new Map<number, Edge | undefined>([[start, undefined]]);
  const queue = [start];
  for (const node of queue) {
    for (const edge of graph.edgesAt(node)) {
      if (!edge.same || edge === without) continue;
      const next = edge.a === node ? edge.b : edge.a;
      if (via.has(next)) continue;
      via.set(next, edge);
      queue.push(next);
    }
  }
  return via;
}

/** The edges from a reached node back to where the search began. */
function pathBack(via: Map<number, Edge | undefined>, from: number): Edge[] {
  const path: Edge[] = [];
  for (let node = from, edge = via.get(node); edge !== undefined; edge = via.get(node)) {
    path.push(edge);
    node = edge.a === node ? edge.b : edge.a;
  }
  return path;
}

/** Shortest chain of `same` edges between two nodes, in order from the first; undefined where there is none. */
export function samePath(graph: RelationGraph, from: number, to: number, without?: Edge): Edge[] | undefined {
  const via = reach(graph, to, without);
  return via.has(from) ? pathBack(via, from) : undefined;
}

/** The judgements of an edge that say what it is used for. */
export function placed(graph: RelationGraph, edge: Edge, relation: 'same' | 'different'): PlacedJudgement[] {
  return edge.judgements
    .filter(judgement => judgement.relation === relation)
    .map(judgement => ({ ...judgement, a: graph.hashOf(edge.a), b: graph.hashOf(edge.b) }));
}

/**
 * Why a pair is known: the fewest answers that imply it, in the order in which they lead from a to b; only the pair's own
 * answers where it was judged itself. Empty where the pair is open.
 */
export function explain(graph: RelationGraph, a: ImageHash, b: ImageHash): PlacedJudgement[] {
  const known = graph.known(a, b);
  const x = graph.nodeOf(a);
  const y = graph.nodeOf(b);
  if (known === undefined || x === undefined || y === undefined) return [];
  const own = graph.edgeOf(x, y);
  if (known.from === 'answer' && own !== undefined) return placed(graph, own, known.relation);
  const steps = (edges: Edge[]) => edges.flatMap(edge => placed(graph, edge, 'same').slice(0, 1));
  if (known.relation === 'same') return steps(samePath(graph, x, y) ?? []);

  const fromA = reach(graph, x);
  const fromB = reach(graph, y);
  const bridges = graph.componentAt(x).conflicts.get(graph.componentOf(b)) ?? [];
  let best: { before: Edge[]; bridge: Edge; after: Edge[] } | undefined;
  for (const bridge of bridges) {
    const near = fromA.has(bridge.a) ? bridge.a : bridge.b;
    const far = near === bridge.a ? bridge.b : bridge.a;
    const before = pathBack(fromA, near).reverse();
    const after = pathBack(fromB, far);
    if (best === undefined || before.length + after.length < best.before.length + best.after.length) {
      best = { before, bridge, after };
    }
  }
  if (best === undefined) return [];
  return [...steps(best.before), ...placed(graph, best.bridge, 'different').slice(0, 1), ...steps(best.after)];
}
