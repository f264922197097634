import { PairTable } from '../flat';
import type { ImageHash, Relation } from '../types';

/** One person's standing answer on a pair, as far as relations care. */
export interface Judgement {
  /** names the answer in explanations and suspects */
  id: string;
  relation: Relation;
  by?: string;
}

/** What is known of a pair. */
export interface Known {
  relation: 'same' | 'different';
  /** somebody judged this very pair, or it follows from other pairs */
  from: 'answer' | 'implied';
  /** a component of the two holds a contradiction: the relation is not to be relied upon */
  contradicted: boolean;
}

/** What an update did. */
export interface RelationChange {
  /** images for whose pairs something may have changed: what is known, or how much an answer would settle */
  images: ImageHash[];
  /** pairs judged different that have only now come to lie in one component, or on which people differed until now */
  contradictions: [ImageHash, ImageHash][];
}

/** A judged pair of nodes. Both may hold, `same` and `different`: people differ. */
export interface Edge {
  readonly a: number;
  readonly b: number;
  judgements: readonly Judgement[];
  same: boolean;
  different: boolean;
}

export interface Component {
  members: number[];
  /** edges judged different that lead to other components, by the other's root; both components hold the same list */
  conflicts: Map<number, Edge[]>;
  /** edges judged different inside: each is a contradiction */
  inner: Set<Edge>;
}

export interface RelationCounts {
  /** images that some decisive answer speaks of */
  images: number;
  /** components of two images or more */
  components: number;
  largest: number;
  judgedSame: number;
  judgedDifferent: number;
  /** pairs that nobody judged and everybody knows; contradicted components count nothing */
  impliedSame: number;
  impliedDifferent: number;
  contradictedComponents: number;
}

const NONE: readonly Edge[] = [];

/**
 * What answers imply of each other. `same` joins images into components, `different` puts conflict edges between
 * components; two images are the same where they share a component, different where their components are in conflict.
 * A `different` inside a component is a contradiction. `incomparable` is kept with its pair and implies nothing.
 *
 * Disjoint sets by relabelling the smaller part, so that a query is one comparison and n answers cost O(n log n) in all.
 * Taking back a `same` regrows its component from the edges that are left.
 */
export class RelationGraph {
  private readonly index = new Map<ImageHash, number>();
  private readonly hashes: ImageHash[] = [];
  private readonly roots: number[] = [];
  private readonly components: (Component | undefined)[] = [];
  private readonly adjacent: Edge[][] = [];
  private readonly pairs = new PairTable();
  /** by the pair's number; undefined where nobody says anything of it any more */
  private readonly edges: (Edge | undefined)[] = [];
  private readonly contradicted = new Set<number>();
  private sameEdges = 0;
  private differentEdges = 0;
  private cachedCounts: RelationCounts | undefined;

  /** The graph of many judged pairs at once, as from a ledger just read; each pair comes once. */
  static of(pairs: Iterable<{ a: ImageHash; b: ImageHash; judgements: readonly Judgement[] }>): RelationGraph {
    const graph = new RelationGraph();
    const apart: Edge[] = [];
    // First what joins, then what parts: conflicts then need not move from component to component.
    for (const { a, b, judgements } of pairs) {
      const { edge } = graph.edgeFor(a, b, judgements);
      edge.judgements = judgements;
      const { same, different } = saidBy(judgements);
      edge.same = same;
      graph.sameEdges += Number(same);
      if (same && graph.roots[edge.a] !== graph.roots[edge.b]) graph.join(edge.a, edge.b, apart);
      if (different) apart.push(edge);
    }
    for (const edge of apart) {
      edge.different = true;
      graph.differentEdges++;
      graph.placeDifferent(edge, []);
    }
    return graph;
  }

  /**
   * Replaces all that is said of one pair, by this very list; an empty one takes it back. The same call twice changes nothing more.
   * @throws RangeError when both images are one
   */
  set(a: ImageHash, b: ImageHash, judgements: readonly Judgement[]): RelationChange {
    const touched = new Set<number>();
    const found: Edge[] = [];
    const changed = this.update(a, b, judgements, found, touched);
    if (changed) {
      for (const image of [a, b]) {
        for (const member of this.componentAt(this.index.get(image)!).members) touched.add(member);
      }
    }
    return {
      images: [...touched].map(node => this.hashes[node]),
      contradictions: found.map(({ a: p, b: q }) => [this.hashes[p], this.hashes[q]]),
    };
  }

  /** Returns whether anything follows differently now. */
  private update(
    a: ImageHash,
    b: ImageHash,
    judgements: readonly Judgement[],
    found: Edge[],
    touched: Set<number> | undefined,
  ): boolean {
    const { edge, pair } = this.edgeFor(a, b, judgements);
    const { a: x, b: y } = edge;
    const { same, different } = saidBy(judgements);
    edge.judgements = judgements;
    const changed = edge.same !== same || edge.different !== different;
    const disputed = edge.same && edge.different;
    if (changed) {
      this.cachedCounts = undefined;
      this.sameEdges += Number(same) - Number(edge.same);
      this.differentEdges += Number(different) - Number(edge.different);
      // What leaves goes first: an answer turned from different to same contradicts nothing.
      if (edge.different && !different) this.dropDifferent(edge, touched);
      const split = edge.same && !same;
      edge.same = same;
      edge.different = different;
      if (split) this.regrow(this.roots[x], touched, found);
      else {
        if (same && this.roots[x] !== this.roots[y]) this.join(x, y, found);
        if (different) this.placeDifferent(edge, found);
      }
      // People differed, and do no more; what is said now is at odds with other pairs all the same.
      if (disputed && different && this.roots[x] === this.roots[y] && !found.includes(edge)) found.push(edge);
    }
    if (judgements.length === 0) this.forget(pair, edge);
    return changed;
  }

  /** What is known of a pair, or undefined where it is open. */
  known(a: ImageHash, b: ImageHash): Known | undefined {
    const x = this.index.get(a);
    const y = this.index.get(b);
    if (x === undefined || y === undefined) return undefined;
    const p = this.roots[x];
    const q = this.roots[y];
    const contradicted = this.contradicted.has(p) || this.contradicted.has(q);
    if (p !== q && !this.components[p]?.conflicts.has(q)) return undefined;
    const edge = this.edgeOf(x, y);
    if (edge !== undefined && edge.same !== edge.different) {
      return { relation: edge.same ? 'same' : 'different', from: 'answer', contradicted };
    }
    const from = edge?.same === true ? 'answer' : 'implied';
    return { relation: p === q ? 'same' : 'different', from, contradicted };
  }

  /** What people say of this very pair. */
  judgements(a: ImageHash, b: ImageHash): readonly Judgement[] {
    const x = this.index.get(a);
    const y = this.index.get(b);
    return (x !== undefined && y !== undefined && this.edgeOf(x, y)?.judgements) || [];
  }

  /** All images known to be the same as this one, itself included. */
  membersOf(image: ImageHash): ImageHash[] {
    const node = this.index.get(image);
    if (node === undefined) return [image];
    return (this.components[this.roots[node]]?.members ?? [node]).map(member => this.hashes[member]);
  }

  /** How many images are known to be the same as this one, itself included. */
  sizeOf(image: ImageHash): number {
    const node = this.index.get(image);
    return node === undefined ? 1 : (this.components[this.roots[node]]?.members.length ?? 1);
  }

  /** A number that two images share exactly where they are known to be the same; -1 for an image never judged. */
  componentOf(image: ImageHash): number {
    const node = this.index.get(image);
    return node === undefined ? -1 : this.roots[node];
  }

  /** Whether the image's component holds a contradiction, so that exports leave it out. */
  isContradicted(image: ImageHash): boolean {
    const node = this.index.get(image);
    return node !== undefined && this.contradicted.has(this.roots[node]);
  }

  /** Components that hold a contradiction, as lists of their images: what exports leave out. */
  contradictedComponents(): ImageHash[][] {
    return [...this.contradicted].map(root => this.components[root]!.members.map(member => this.hashes[member]));
  }

  /** Components of at least `size` images. */
  *componentsOf(size = 2): Generator<ImageHash[]> {
    for (const [root, component] of this.components.entries()) {
      if (component !== undefined && component.members.length >= size && this.roots[root] === root) {
        yield component.members.map(member => this.hashes[member]);
      }
    }
  }

  /** Every judged pair with what people say of it. */
  *judged(): Generator<{ a: ImageHash; b: ImageHash; judgements: readonly Judgement[] }> {
    for (const edge of this.edges) {
      if (edge !== undefined) yield { a: this.hashes[edge.a], b: this.hashes[edge.b], judgements: edge.judgements };
    }
  }

  /** The judged pairs of an image with what people say of each. */
  judgedAt(image: ImageHash): { a: ImageHash; b: ImageHash; judgements: readonly Judgement[] }[] {
    const node = this.index.get(image);
    if (node === undefined) return [];
    return this.edgesAt(node).map(({ a, b, judgements }) => ({ a: this.hashes[a], b: this.hashes[b], judgements }));
  }

  /** Totals; computed on the first call after a change, in one pass over the components. */
  counts(): RelationCounts {
    return (this.cachedCounts ??= this.count());
  }

  /** The number of an image among the nodes of `view`, or undefined for one never judged. */
  nodeOf(image: ImageHash): number | undefined {
    return this.index.get(image);
  }

  hashOf(node: number): ImageHash {
    return this.hashes[node];
  }

  /** The judged pairs of a node. */
  edgesAt(node: number): readonly Edge[] {
    return this.adjacent[node] ?? NONE;
  }

  /** The component of a node, for reading. */
  componentAt(node: number): Readonly<Component> {
    return this.components[this.roots[node]] ?? { members: [node], conflicts: new Map(), inner: new Set() };
  }

  edgeOf(x: number, y: number): Edge | undefined {
    const pair = this.pairs.find(Math.min(x, y), Math.max(x, y));
    return pair < 0 ? undefined : this.edges[pair];
  }

  /** The pair's edge, made where it is new. */
  private edgeFor(a: ImageHash, b: ImageHash, judgements: readonly Judgement[]): { edge: Edge; pair: number } {
    if (a === b) throw new RangeError(`an image makes no pair with itself: ${a}`);
    const x = this.node(a);
    const y = this.node(b);
    const pair = this.pairs.intern(Math.min(x, y), Math.max(x, y));
    let edge = this.edges[pair];
    if (edge === undefined) {
      edge = { a: x, b: y, judgements, same: false, different: false };
      this.edges[pair] = edge;
      this.adjacent[x].push(edge);
      this.adjacent[y].push(edge);
    }
    return { edge, pair };
  }

  private node(hash: ImageHash): number {
    let node = this.index.get(hash);
    if (node === undefined) {
      node = this.hashes.length;
      this.index.set(hash, node);
      this.hashes.push(hash);
      this.roots.push(node);
      this.components.push(undefined);
      this.adjacent.push([]);
    }
    return node;
  }

  private component(root: number): Component {
    return (this.components[root] ??= { members: [root], conflicts: new Map(), inner: new Set() });
  }

  private forget(pair: number, edge: Edge): void {
    this.edges[pair] = undefined;
    for (const node of [edge.a, edge.b]) {
      const list = this.adjacent[node];
      list.splice(list.indexOf(edge), 1);
    }
  }

  private placeDifferent(edge: Edge, found: Edge[]): void {
    const p = this.roots[edge.a];
    const q = this.roots[edge.b];
    if (p === q) {
      const { inner } = this.component(p);
      if (!inner.has(edge)) found.push(edge);
      inner.add(edge);
      this.contradicted.add(p);
    } else {
      const ours = this.component(p).conflicts;
      const list = ours.get(q);
      if (list !== undefined) list.push(edge);
      else {
        const made = [edge];
        ours.set(q, made);
        this.component(q).conflicts.set(p, made);
      }
    }
  }

  private dropDifferent(edge: Edge, touched: Set<number> | undefined): void {
    const p = this.roots[edge.a];
    const q = this.roots[edge.b];
    for (const root of [p, q]) for (const member of this.component(root).members) touched?.add(member);
    const component = this.component(p);
    if (p === q) {
      component.inner.delete(edge);
      if (component.inner.size === 0) this.contradicted.delete(p);
      return;
    }
    const list = component.conflicts.get(q)!;
    list.splice(list.indexOf(edge), 1);
    if (list.length > 0) return;
    component.conflicts.delete(q);
    this.component(q).conflicts.delete(p);
  }

  private join(x: number, y: number, found: Edge[]): void {
    let into = this.roots[x];
    let from = this.roots[y];
    const weight = ({ members, conflicts }: Component) => members.length + conflicts.size;
    if (weight(this.component(into)) < weight(this.component(from))) [into, from] = [from, into];
    const large = this.component(into);
    const small = this.component(from);
    for (const member of small.members) {
      this.roots[member] = into;
      large.members.push(member);
    }
    for (const edge of small.inner) large.inner.add(edge);
    for (const [other, edges] of small.conflicts) {
      if (other === into) {
        for (const edge of edges) {
          large.inner.add(edge);
          found.push(edge);
        }
        large.conflicts.delete(from);
        continue;
      }
      const theirs = this.component(other).conflicts;
      theirs.delete(from);
      const ours = large.conflicts.get(other);
      if (ours === undefined) {
        large.conflicts.set(other, edges);
        theirs.set(into, edges);
      } else for (const edge of edges) ours.push(edge);
    }
    this.components[from] = undefined;
    this.contradicted.delete(from);
    if (large.inner.size > 0) this.contradicted.add(into);
  }

  /** Takes a component apart and joins again what its `same` edges still join. */
  private regrow(root: number, touched: Set<number> | undefined, found: Edge[]): void {
    const { members, conflicts, inner } = this.component(root);
    const contradictedBefore = new Set(inner);
    for (const other of conflicts.keys()) this.component(other).conflicts.delete(root);
    this.contradicted.delete(root);
    for (const member of members) {
      touched?.add(member);
      this.roots[member] = -1;
      this.components[member] = undefined;
    }
    for (const start of members) {
      if (this.roots[start] !== -1) continue;
      this.roots[start] = start;
      const part = [start];
      for (const node of part) {
        for (const edge of this.adjacent[node]) {
          const next = edge.a === node ? edge.b : edge.a;
          if (!edge.same || this.roots[next] !== -1) continue;
          this.roots[next] = start;
          part.push(next);
        }
      }
      this.components[start] = { members: part, conflicts: new Map(), inner: new Set() };
    }
    const again: Edge[] = [];
    const apart = new Set(members.flatMap(member => this.adjacent[member].filter(({ different }) => different)));
    for (const edge of apart) this.placeDifferent(edge, again);
    for (const edge of again) if (!contradictedBefore.has(edge)) found.push(edge);
  }

  private count(): RelationCounts {
    const counts: RelationCounts = {
      images: 0,
      components: 0,
      largest: 0,
      judgedSame: this.sameEdges,
      judgedDifferent: this.differentEdges,
      impliedSame: 0 - this.sameEdges,
      impliedDifferent: 0,
      contradictedComponents: this.contradicted.size,
    };
    for (const [root, component] of this.components.entries()) {
      if (component === undefined) continue;
      const size = component.members.length;
      if (size > 1 || component.conflicts.size > 0) counts.images += size;
      if (size > 1) counts.components++;
      if (size > 1) counts.largest = Math.max(counts.largest, size);
      if (this.contradicted.has(root)) {
        // A `same` edge has both ends here, so each is met twice.
        for (const node of component.members)
          for (const edge of this.adjacent[node]) counts.impliedSame += Number(edge.same) / 2;
        continue;
      }
      counts.impliedSame += (size * (size - 1)) / 2;
      for (const [other, edges] of component.conflicts) {
        if (other < root || this.contradicted.has(other)) continue;
        counts.impliedDifferent += size * this.components[other]!.members.length - edges.length;
      }
    }
    return counts;
  }
}

function saidBy(judgements: readonly Judgement[]): { same: boolean; different: boolean } {
  let same = false;
  let different = false;
  for (const { relation } of judgements) {
    same ||= relation === 'same';
    different ||= relation === 'different';
  }
  return { same, different };
}
