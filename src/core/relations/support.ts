import type { Prior, SignedEdge } from './clusters';

/** Images looked at on either side: in a component of thousands, what lies further away says nothing of one answer. */
const MOST = 256;

/**
 * What other answers say of two nodes of one group: the net weight across the cheapest cut between them, from the answer
 * in question aside. A flow that reaches `enough` is cut short: more would say no more. Of a large group, the images that
 * are nearest to the two by answers stand for the two sides.
 */
export class GroupSupport {
  private readonly out = new Map<number, SignedEdge[]>();

  constructor(
    edges: readonly SignedEdge[],
    private readonly groupOf: ReadonlyMap<number, number>,
    private readonly prior: Prior,
    private readonly enough = 12,
  ) {
    for (const edge of edges) {
      for (const node of [edge.a, edge.b]) {
        const list = this.out.get(node);
        if (list === undefined) this.out.set(node, [edge]);
        else list.push(edge);
      }
    }
  }

  /** Log-odds that the two ends are the same, from everything but `without`. Both lie in one group. */
  of(without: SignedEdge): number {
    const { a, b } = without;
    const group = this.groupOf.get(a);
    const inGroup = (edge: SignedEdge) =>
      edge !== without && this.groupOf.get(edge.a) === group && this.groupOf.get(edge.b) === group;
    /** what has flowed through an edge, counted from its a to its b */
    const flows = new Map<SignedEdge, number>();
    let flow = 0;
    for (;;) {
      const via = new Map<number, SignedEdge | undefined>([[a, undefined]]);
      const queue = [a];
      for (const node of queue) {
        if (via.has(b) || queue.length >= MOST) break;
        for (const edge of this.out.get(node)!) {
          if (edge.weight <= 0 || !inGroup(edge)) continue;
          const next = edge.a === node ? edge.b : edge.a;
          if (via.has(next) || room(edge, node, flows) <= 1e-9) continue;
          via.set(next, edge);
          queue.push(next);
        }
      }
      if (!via.has(b)) return this.across(new Set(queue), without, inGroup, flow);
      let least = Infinity;
      for (let node = b, edge = via.get(b); edge !== undefined; edge = via.get(node)) {
        node = edge.a === node ? edge.b : edge.a;
        least = Math.min(least, room(edge, node, flows));
      }
      for (let node = b, edge = via.get(b); edge !== undefined; edge = via.get(node)) {
        node = edge.a === node ? edge.b : edge.a;
        flows.set(edge, (flows.get(edge) ?? 0) + (edge.a === node ? least : -least));
      }
      flow += least;
      if (flow >= this.enough) return this.enough;
    }
  }

  /** The cut's `same` answers, less the `different` ones across it, and the prior's opinion of the two sides. */
  private across(
    side: ReadonlySet<number>,
    without: SignedEdge,
    inGroup: (edge: SignedEdge) => boolean,
    flow: number,
  ): number {
    let net = flow;
    const rest = new Set<number>([without.b]);
    const queue = [without.b];
    for (const node of queue) {
      if (queue.length >= MOST) break;
      for (const edge of this.out.get(node)!) {
        if (!inGroup(edge)) continue;
        const next = edge.a === node ? edge.b : edge.a;
        if (side.has(next)) {
          if (edge.weight < 0) net += edge.weight;
        } else if (edge.weight > 0 && !rest.has(next)) {
          rest.add(next);
          queue.push(next);
        }
      }
    }
    return net + this.prior([...side], [...rest]);
  }
}

function room(edge: SignedEdge, from: number, flows: ReadonlyMap<SignedEdge, number>): number {
  const flow = flows.get(edge) ?? 0;
  return edge.weight + (edge.a === from ? -flow : flow);
}
