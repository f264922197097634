/** An answer between two nodes: positive for `same`, negative for `different`, the size its log-odds of being right. */
export interface SignedEdge {
  a: number;
  b: number;
  weight: number;
}

/** How many neighbours are looked at, and how often all nodes are. */
const NEIGHBOURS = 64;
const ROUNDS = 20;
/** No prior is stronger, to either side. */
export const STRONGEST_OPINION = 4;

/** Log-odds that two groups are the same, from elsewhere than the answers; 0 where nothing is known. */
export type Prior = (one: readonly number[], other: readonly number[]) => number;

/**
 * Groups that break as little answer weight as can be: `same` answers across groups and `different` ones inside. That is
 * correlation clustering, which is NP-hard; here by greedy additive edge contraction (Keuper et al. 2015): two groups with
 * positive net weight between them become one, those first whose neighbours agree most; then single nodes move over to
 * where they break less, until none does.
 * @returns the group of each node, by number
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
    // Also one that is not worth it now: it may be once the groups have grown, and comes last until then.
    const total = weight + prior(members.get(x)!, members.get(y)!);
    const sizes = members.get(x)!.length + members.get(y)!.length;
    queue.push({ total: total + (total > 0 ? circles(net.get(x)!, net.get(y)!) : 0), worth: total > 0, x, y, sizes });
  };
  for (const [x, others] of net) for (const y of others.keys()) if (x < y) offer(x, y);
  for (let top = queue.pop(); top !== undefined; top = queue.pop()) {
    let { x, y } = top;
    if (!net.has(x) || !net.has(y) || !net.get(x)!.has(y)) continue;
    // Groups that grew since are weighed anew when their turn comes: after each growth would be all pairs of all groups.
    if (members.get(x)!.length + members.get(y)!.length !== top.sizes) {
      offer(x, y);
      continue;
    }
    if (!top.worth) continue;
    if (net.get(x)!.size < net.get(y)!.size) [x, y] = [y, x];
    const into = net.get(x)!;
    const gone = net.get(y)!;
    for (const [other, weight] of gone) {
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
    for (const other of gone.keys()) if (other !== x) offer(x, other);
  }
  const group = new Map<number, number>();
  for (const [name, nodes] of members) for (const node of nodes) group.set(node, name);
  settle(edges, group, prior);
  return group;
}

/** What circles over common neighbours say of two groups: for them where both joins agree, against where they do not. */
function circles(one: ReadonlyMap<number, number>, other: ReadonlyMap<number, number>): number {
  const [few, many] = one.size < other.size ? [one, other] : [other, one];
  let sum = 0;
  let looked = 0;
  for (const [node, weight] of few) {
    const back = many.get(node);
    if (back !== undefined && (weight > 0 || back > 0)) {
      sum += Math.sign(weight * back) * Math.min(Math.abs(weight), Math.abs(back));
    }
    if (++looked === NEIGHBOURS) break;
  }
  return sum;
}

/** Moves nodes to the group with which they have the greatest net weight, or to one of their own where none is positive. */
function settle(edges: readonly SignedEdge[], group: Map<number, number>, prior: Prior): void {
  const out = new Map<number, SignedEdge[]>();
  for (const edge of edges) {
    for (const node of [edge.a, edge.b]) {
      const list = out.get(node);
      if (list === undefined) out.set(node, [edge]);
      else list.push(edge);
    }
  }
  let fresh = Math.max(0, ...out.keys()) + 1;
  for (let round = 0, moved = true; moved && round < ROUNDS; round++) {
    moved = false;
    const members = new Map<number, number[]>();
    for (const [node, name] of group) {
      const list = members.get(name);
      if (list === undefined) members.set(name, [node]);
      else list.push(node);
    }
    const opinion = (node: number, name: number) => {
      const others = (members.get(name) ?? []).slice(0, NEIGHBOURS).filter(other => other !== node);
      return others.length === 0 ? 0 : prior([node], others);
    };
    for (const [node, list] of out) {
      const pull = new Map<number, number>();
      for (const { a, b, weight } of list) {
        const to = group.get(a === node ? b : a)!;
        pull.set(to, (pull.get(to) ?? 0) + weight);
      }
      const now = group.get(node)!;
      let best = now;
      let most = (pull.get(now) ?? 0) + opinion(node, now);
      for (const [to, weight] of pull) {
        if (to === now || weight <= Math.max(0, most - STRONGEST_OPINION)) continue;
        const total = weight + opinion(node, to);
        if (total > most + 1e-9) [best, most] = [to, total];
      }
      if (most < 0) best = fresh++;
      if (best === now) continue;
      group.set(node, best);
      moved = true;
    }
  }
}

interface Offer {
  total: number;
  /** whether the two should become one */
  worth: boolean;
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
  if (p.worth !== q.worth) return p.worth;
  return p.total !== q.total ? p.total > q.total : p.x !== q.x ? p.x < q.x : p.y < q.y;
}
