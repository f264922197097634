/** An answer between two nodes: positive for `same`, negative for `different`, the size its log-odds of being right. */
export interface SignedEdge {
  a: number;
  b: number;
  weight: number;
}

/** Log-odds that two groups are the same, from elsewhere than the answers; 0 where nothing is known. */
export type Prior = (one: readonly number[], other: readonly number[]) => number;

/**
 * Groups that break as little answer weight as can be: `same` answers across groups and `different` ones inside. That is
 * correlation clustering, which is NP-hard; here by greedy additive edge contraction (Keuper et al. 2015): the two groups
 * with the greatest net weight between them become one, as long as it is positive.
 * @returns the group of each node, named by one of its nodes
 */
export function clusterAnswers(edges: readonly SignedEdge[], prior: Prior = () => 0): Map<number, number> {
  const net = new Map<number, Map<number, number>>();
  const members = new Map<number, number[]>();
  const at = (node: number) => {
    let found = net.get(node);
    if (found === undefined) {
      net.set(node, (found = new Map()));
      members.set(node, [node]);
    }
    return found;
  };
  for (const { a, b, weight } of edges) {
    at(a).set(b, (at(a).get(b) ?? 0) + weight);
    at(b).set(a, (at(b).get(a) ?? 0) + weight);
  }
  const queue = new Queue();
  const offer = (x: number, y: number) => {
    const weight = net.get(x)!.get(y)!;
    // What not even the answers join needs no opinion.
    if (weight <= 0) return;
    const total = weight + prior(members.get(x)!, members.get(y)!);
    if (total > 0) queue.push({ total, x, y, sizes: members.get(x)!.length + members.get(y)!.length });
  };
  for (const [x, others] of net) for (const y of others.keys()) if (x < y) offer(x, y);
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    let { x, y } = top;
    // Groups that grew since, or are no more, have offers of their own.
    if (!net.has(x) || !net.has(y) || members.get(x)!.length + members.get(y)!.length !== top.sizes) continue;
    if (net.get(x)!.size < net.get(y)!.size) [x, y] = [y, x];
    const into = net.get(x)!;
    for (const [other, weight] of net.get(y)!) {
      if (other === x) continue;
      const sum = (into.get(other) ?? 0) + weight;
      const theirs = net.get(other)!;
      theirs.delete(y);
      into.set(other, sum);
      theirs.set(x, sum);
    }
    into.delete(y);
    net.delete(y);
    members.get(x)!.push(...members.get(y)!);
    members.delete(y);
    for (const other of into.keys()) offer(x, other);
  }
  const group = new Map<number, number>();
  for (const [name, nodes] of members) for (const node of nodes) group.set(node, name);
  return group;
}

interface Offer {
  total: number;
  x: number;
  y: number;
  /** of both groups when offered: an offer holds only while neither has grown */
  sizes: number;
}

/** A binary heap of offers, the greatest first; of equal ones that of the smaller names, so that a run repeats. */
class Queue {
  private readonly heap: Offer[] = [];

  push(offer: Offer): void {
    const { heap } = this;
    let i = heap.push(offer) - 1;
    for (; i > 0;) {
      const up = (i - 1) >> 1;
      if (!isBefore(heap[i], heap[up])) break;
      [heap[i], heap[up]] = [heap[up], heap[i]];
      i = up;
    }
  }

  pop(): Offer | undefined {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0; ;) {
      let down = 2 * i + 1;
      if (down >= heap.length) return top;
      if (down + 1 < heap.length && isBefore(heap[down + 1], heap[down])) down++;
      if (!isBefore(heap[down], heap[i])) return top;
      [heap[i], heap[down]] = [heap[down], heap[i]];
      i = down;
    }
  }
}

function isBefore(p: Offer, q: Offer): boolean {
  return p.total !== q.total ? p.total > q.total : p.x !== q.x ? p.x < q.x : p.y < q.y;
}
