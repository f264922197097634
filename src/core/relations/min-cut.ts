/**
 * Minimum cut between two nodes of an undirected weighted graph: Dinic's algorithm (1970), breadth-first levels, then
 * blocking flows. Capacities are real and not negative; what is below 1e-9 counts as none.
 */
export interface CutEdge {
  a: number;
  b: number;
  weight: number;
}

export interface Cut {
  /** sum of the cut edges' weights; Infinity where only edges of infinite weight join the two */
  weight: number;
  /** places in the list of edges */
  edges: number[];
  /** nodes on the source's side */
  side: Set<number>;
}

const EPSILON = 1e-9;

/** Cheapest set of edges that parts `source` from `sink`. Nodes are any numbers. */
export function minCut(edges: readonly CutEdge[], source: number, sink: number): Cut {
  const names = new Map<number, number>();
  const name = (node: number) => {
    let found = names.get(node);
    if (found === undefined) names.set(node, (found = names.size));
    return found;
  };
  const s = name(source);
  const t = name(sink);
  // Arc 2i goes from a to b, 2i+1 back: an undirected edge is its own reverse.
  const heads = new Int32Array(edges.length * 2);
  const capacity = new Float64Array(edges.length * 2);
  const out: number[][] = [[], []];
  for (const [i, { a, b, weight }] of edges.entries()) {
    const x = name(a);
    const y = name(b);
    while (out.length < names.size) out.push([]);
    heads[2 * i] = y;
    heads[2 * i + 1] = x;
    capacity[2 * i] = capacity[2 * i + 1] = weight;
    out[x].push(2 * i);
    out[y].push(2 * i + 1);
  }
  const level = new Int32Array(names.size);
  const next = new Int32Array(names.size);
  let flow = 0;
  while (levels()) {
    next.fill(0);
    for (let pushed = push(); pushed > EPSILON; pushed = push()) {
      flow += pushed;
      if (flow === Infinity) break;
    }
    if (flow === Infinity) break;
  }

  function levels(): boolean {
    level.fill(-1);
    level[s] = 0;
    const queue = [s];
    for (const node of queue) {
      for (const arc of out[node]) {
        const head = heads[arc];
        if (capacity[arc] <= EPSILON || level[head] !== -1) continue;
        level[head] = level[node] + 1;
        queue.push(head);
      }
    }
    return level[t] !== -1;
  }

  /** One augmenting path down the levels, by a stack of arcs: components may be chains of thousands. */
  function push(): number {
    const path: number[] = [];
    let node = s;
    while (node !== t) {
      const arcs = out[node];
      let stepped = false;
      for (; next[node] < arcs.length; next[node]++) {
        const arc = arcs[next[node]];
        const head = heads[arc];
        if (capacity[arc] <= EPSILON || level[head] !== level[node] + 1) continue;
        path.push(arc);
        node = head;
        stepped = true;
        break;
      }
      if (stepped) continue;
      const back = path.pop();
      if (back === undefined) return 0;
      node = heads[back ^ 1];
      next[node]++;
    }
    const room = path.reduce((least, arc) => Math.min(least, capacity[arc]), Infinity);
    if (room === Infinity) return Infinity;
    for (const arc of path) {
      capacity[arc] -= room;
      capacity[arc ^ 1] += room;
    }
    return room;
  }

  const side = new Set<number>();
  if (flow === Infinity) return { weight: Infinity, edges: [], side };
  for (const [node, at] of names) if (level[at] !== -1) side.add(node);
  const cut = [...edges.keys()].filter(i => side.has(edges[i].a) !== side.has(edges[i].b));
  return { weight: cut.reduce((sum, i) => sum + edges[i].weight, 0), edges: cut, side };
}
