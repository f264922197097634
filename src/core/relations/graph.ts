import { PairTable } from '../flat';
import { finish, type Steps } from '../steps';
import type { ImageHash, Relation } from '../types';

/** One person's standing answer on a pair, as far as relations care. */
export interface Judgement {
  /** names the answer in explanations and suspects */
  id: string;
  relation: Relation;
  by?: string;
  /** when, milliseconds since 1970 */
  at?: number;
}

/** A pair with what people say of it. */
export interface JudgedPair {
  a: ImageHash;
  b: ImageHash;
  judgements: readonly Judgement[];
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
  /** of every pair of which something else is known now, or said, one image at least: the fewer on either side */
  images: ImageHash[];
  /**
   * components that grew or shrank, each by one of its images: all images in it now were in one of `from` images before, but
   * for those in `images`
   */
  resized: { image: ImageHash; from: number }[];
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

/** What an update does, gathered on the way; `touched` where somebody wants to know. */
interface Effect {
  touched?: Set<number>;
  resized: { node: number; from: number }[];
  found: Edge[];
}

const NONE: readonly Edge[] = [];
/** pairs taken in at one step */
const STEP = 256;

/**
 * What answers imply of each other. `same` joins images into components, `different` puts conflict edges between
 * components; two images are the same where they share a component, different where their components are in conflict.
 * A `different` inside a component is a contradiction. `incomparable` is kept with its pair and implies nothing.
 *
 * Disjoint sets by relabelling the smaller part, so that a query is one comparison and n answers cost O(n log n) in all.
 * Taking back a `same` looks from both its ends for a way around, and costs the smaller part where there is none.
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
  static of(pairs: Iterable<JudgedPair>): RelationGraph {
    return finish(RelationGraph.inSteps(pairs));
  }

  /** The same in steps: of a million answers it takes seconds. */
  static *inSteps(pairs: Iterable<JudgedPair>): Steps<RelationGraph> {
    const graph = new RelationGraph();
    const apart: Edge[] = [];
    const effect: Effect = { resized: [], found: [] };
    // First what joins, then what parts: conflicts then need not move from component to component.
    for (const { a, b, judgements } of pairs) {
      const { edge } = graph.edgeFor(a, b, judgements);
      edge.judgements = judgements;
      const { same, different } = saidBy(judgements);
      edge.same = same;
      graph.sameEdges += Number(same);
      if (same && graph.roots[edge.a] !== graph.roots[edge.b]) graph.join(edge.a, edge.b, effect);
      if (different) apart.push(edge);
      if (graph.pairs.size % STEP === 0) yield;
    }
    for (const [i, edge] of apart.entries()) {
      if (i % STEP === 0) yield;
      edge.different = true;
      graph.differentEdges++;
      graph.placeDifferent(edge, effect);
    }
    return graph;
  }

  /**
   * Replaces all that is said of one pair, by this very list; an empty one takes it back. The same call twice changes nothing more.
   * @throws RangeError when both images are one
   */
  set(a: ImageHash, b: ImageHash, judgements: readonly Judgement[]): RelationChange {
    const effect = { touched: new Set<number>(), resized: [], found: [] } satisfies Effect;
    this.update(a, b, judgements, effect);
    return {
      images: [...effect.touched].map(node => this.hashes[node]),
      resized: effect.resized.map(({ node, from }) => ({ image: this.hashes[node], from })),
      contradictions: effect.found.map(({ a: p, b: q }) => [this.hashes[p], this.hashes[q]]),
    };
  }

  private update(
    a: ImageHash,
    b: ImageHash,
    judgements: readonly Judgement[],
    effect: Effect & { touched: Set<number> },
  ): void {
    const { edge, pair } = this.edgeFor(a, b, judgements);
    const { a: x, b: y } = edge;
    const { same, different } = saidBy(judgements);
    const before = { same: edge.same, different: edge.different };
    edge.judgements = judgements;
    effect.touched.add(x).add(y);
    if (before.same !== same || before.different !== different) {
      this.cachedCounts = undefined;
      this.sameEdges += Number(same) - Number(before.same);
      this.differentEdges += Number(different) - Number(before.different);
      // What leaves goes first: an answer turned from different to same contradicts nothing.
      if (before.different && !different) this.dropDifferent(edge, effect);
      edge.same = same;
      edge.different = different;
      if (before.same && !same) this.part(x, y, effect);
      if (same && this.roots[x] !== this.roots[y]) this.join(x, y, effect);
      if (different && !before.different) this.placeDifferent(edge, effect);
      // People differed, and do no more; what is said now is at odds with other pairs all the same.
      if (before.same && before.different && different && this.roots[x] === this.roots[y]) effect.found.push(edge);
    }
    if (judgements.length === 0) this.forget(pair, edge);
  }

  /** What is known of a pair, or undefined where it is open. */
  known(a: ImageHash, b: ImageHash): Known | undefined {
    const x = this.index.get(a);
    const y = this.index.get(b);
    return x === undefined || y === undefined ? undefined : this.knownAt(x, y);
  }

  /** What is known of two nodes, or undefined where it is open. */
  knownAt(x: number, y: number): Known | undefined {
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
    return node === undefined ? 1 : this.sizeAt(node);
  }

  /** How many nodes are known to be the same as this one, itself included. */
  sizeAt(node: number): number {
    return this.components[this.roots[node]]?.members.length ?? 1;
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
  *judged(): Generator<JudgedPair> {
    for (const edge of this.edges) {
      if (edge !== undefined) yield { a: this.hashes[edge.a], b: this.hashes[edge.b], judgements: edge.judgements };
    }
  }

  /** The judged pairs of an image with what people say of each. */
  judgedAt(image: ImageHash): JudgedPair[] {
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

  private placeDifferent(edge: Edge, effect: Effect): void {
    const p = this.roots[edge.a];
    const q = this.roots[edge.b];
    if (p === q) {
      const { inner, members } = this.component(p);
      if (inner.size === 0) this.touch(members, effect);
      inner.add(edge);
      effect.found.push(edge);
      this.contradicted.add(p);
      return;
    }
    const list = this.component(p).conflicts.get(q);
    if (list !== undefined) list.push(edge);
    else {
      this.connect(p, q, [edge]);
      this.touchEither(p, q, effect);
    }
  }

  private dropDifferent(edge: Edge, effect: Effect): void {
    const p = this.roots[edge.a];
    const q = this.roots[edge.b];
    if (p === q) {
      const { inner, members } = this.component(p);
      inner.delete(edge);
      if (inner.size > 0) return;
      this.contradicted.delete(p);
      this.touch(members, effect);
    } else if (this.disconnect(p, q, edge)) this.touchEither(p, q, effect);
  }

  private connect(p: number, q: number, edges: Edge[]): void {
    this.component(p).conflicts.set(q, edges);
    this.component(q).conflicts.set(p, edges);
  }

  /** Takes an edge from those that put two components in conflict. Returns whether it was the last. */
  private disconnect(p: number, q: number, edge: Edge): boolean {
    const list = this.component(p).conflicts.get(q)!;
    list.splice(list.indexOf(edge), 1);
    if (list.length > 0) return false;
    this.component(p).conflicts.delete(q);
    this.component(q).conflicts.delete(p);
    return true;
  }

  private touch(nodes: Iterable<number>, { touched }: Effect): void {
    if (touched) for (const node of nodes) touched.add(node);
  }

  /** Of the pairs between two components, one image each: those of the smaller one. */
  private touchEither(p: number, q: number, effect: Effect): void {
    const [one, other] = [this.component(p).members, this.component(q).members];
    this.touch(one.length < other.length ? one : other, effect);
  }

  /** Of the pairs between a component and several others, one image each: its own, or where they are fewer those of the others. */
  private touchAcross(root: number, others: readonly number[], effect: Effect): void {
    if (!effect.touched) return;
    const { members } = this.component(root);
    const theirs = others.reduce((sum, other) => sum + this.component(other).members.length, 0);
    if (theirs >= members.length) this.touch(members, effect);
    else for (const other of others) this.touch(this.component(other).members, effect);
  }

  private join(x: number, y: number, effect: Effect): void {
    let into = this.roots[x];
    let from = this.roots[y];
    const weight = ({ members, conflicts }: Component) => members.length + conflicts.size;
    if (weight(this.component(into)) < weight(this.component(from))) [into, from] = [from, into];
    const large = this.component(into);
    const small = this.component(from);
    if (effect.touched) this.touchJoined(into, from, effect);
    for (const member of small.members) {
      this.roots[member] = into;
      large.members.push(member);
    }
    for (const edge of small.inner) large.inner.add(edge);
    for (const [other, edges] of small.conflicts) {
      if (other === into) {
        for (const edge of edges) {
          large.inner.add(edge);
          effect.found.push(edge);
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

  /** Notes, before two components become one, of which pairs something else will be known. */
  private touchJoined(p: number, q: number, effect: Effect): void {
    const [few, many] = this.component(p).members.length < this.component(q).members.length ? [p, q] : [q, p];
    const [less, more] = [this.component(few), this.component(many)];
    // All pairs between the two, and between the smaller one and what the larger one is in conflict with.
    this.touch(less.members, effect);
    const gained = [...less.conflicts.keys()].filter(other => other !== many && !more.conflicts.has(other));
    if (gained.length > 0) this.touchAcross(many, gained, effect);
    const bad = less.inner.size + more.inner.size > 0 || less.conflicts.has(many);
    if (bad && more.inner.size === 0) this.touch(more.members, effect);
    effect.resized.push({ node: more.members[0], from: more.members.length });
  }

  /** Takes a component apart where its `same` edges no longer join two of its nodes. */
  private part(x: number, y: number, effect: Effect): void {
    const side = this.sideOf(x, y);
    if (side === undefined) return;
    const root = this.roots[x];
    const rest = this.component(root);
    const size = rest.members.length;
    const wasBad = rest.inner.size > 0;
    rest.members = rest.members.filter(member => !side.has(member));
    const members = [...side];
    let [one, other] = [members[0], root];
    if (side.has(root)) {
      // The number of a component is one of its nodes: the rest takes another.
      [one, other] = [root, rest.members[0]];
      for (const member of rest.members) this.roots[member] = other;
      for (const [theirs, edges] of rest.conflicts) {
        this.component(theirs).conflicts.delete(root);
        this.component(theirs).conflicts.set(other, edges);
      }
    } else for (const member of members) this.roots[member] = one;
    this.components[one] = { members, conflicts: new Map(), inner: new Set() };
    this.components[other] = rest;
    const lost = this.moveConflicts(one, other, rest.inner);
    for (const part of [one, other]) {
      if (this.component(part).inner.size > 0) this.contradicted.add(part);
      else this.contradicted.delete(part);
    }
    this.touch(members, effect);
    if (lost.length > 0) this.touchAcross(other, lost, effect);
    if (wasBad && rest.inner.size === 0) this.touch(rest.members, effect);
    effect.resized.push({ node: rest.members[0], from: size });
  }

  /** Gives one part of a component the `different` edges of its nodes. Returns what the other part is in conflict with no more. */
  private moveConflicts(one: number, other: number, inner: Set<Edge>): number[] {
    const lost: number[] = [];
    const ours = this.component(one);
    const place = (p: number, edge: Edge) => {
      const list = ours.conflicts.get(p);
      if (list === undefined) this.connect(one, p, [edge]);
      else list.push(edge);
    };
    for (const node of ours.members) {
      for (const edge of this.adjacent[node]) {
        if (!edge.different) continue;
        const next = this.roots[edge.a === node ? edge.b : edge.a];
        if (inner.has(edge)) {
          inner.delete(edge);
          if (next === one) ours.inner.add(edge);
          else place(other, edge);
        } else if (next !== one && this.component(other).conflicts.get(next)?.includes(edge)) {
          if (this.disconnect(other, next, edge)) lost.push(next);
          place(next, edge);
        }
      }
    }
    return lost;
  }

  /** The nodes that `same` edges join to x or to y, whichever are found first to be all; undefined where they are joined. */
  private sideOf(x: number, y: number): Set<number> | undefined {
    const sides = [x, y].map(start => ({ met: new Set([start]), queue: [start], at: 0 }));
    for (;;) {
      for (const [i, side] of sides.entries()) {
        if (side.at === side.queue.length) return side.met;
        const node = side.queue[side.at++];
        for (const edge of this.adjacent[node]) {
          if (!edge.same) continue;
          const next = edge.a === node ? edge.b : edge.a;
          if (sides[1 - i].met.has(next)) return undefined;
          if (side.met.has(next)) continue;
          side.met.add(next);
          side.queue.push(next);
        }
      }
    }
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
