import { RelationGraph } from '../core/relations';
import type { JudgedPair, RelationChange } from '../core/relations';
import type { ImageHash, Relation } from '../core/types';
import type { Ledger, LedgerChange } from '../dataset/ledger';
import { inSlices } from './slices';

export interface ImpliedPair {
  a: ImageHash;
  b: ImageHash;
  relation: 'same' | 'different';
}

/** What the answers say of any pair, by themselves and by what follows from them. Follows the ledger as it grows. */
export class Knowledge {
  #graph: RelationGraph;

  constructor(
    readonly ledger: Ledger,
    graph = RelationGraph.of(judgedPairs(ledger)),
  ) {
    this.#graph = graph;
  }

  /** What a ledger just read says, worked out in slices: of a million answers it takes seconds, in which the engine answers other calls. */
  static async of(ledger: Ledger): Promise<Knowledge> {
    return new Knowledge(ledger, await inSlices(RelationGraph.inSteps(judgedPairs(ledger)), undefined));
  }

  get graph(): RelationGraph {
    return this.#graph;
  }

  /**
   * What is known of a pair. What a contradicted component implies is not relied upon: such a pair is still asked,
   * unless somebody judged it itself.
   */
  readonly known = (a: ImageHash, b: ImageHash): Relation | undefined => {
    const [x, y] = [this.#graph.nodeOf(a), this.#graph.nodeOf(b)];
    return x === undefined || y === undefined ? undefined : this.knownAt(x, y);
  };

  /** What `known` says, of two nodes of the graph. */
  knownAt(x: number, y: number): Relation | undefined {
    const found = this.#graph.knownAt(x, y);
    if (found && (found.from === 'answer' || !found.contradicted)) return found.relation;
    return this.#graph.edgeOf(x, y) === undefined ? undefined : 'incomparable';
  }

  /** Whether somebody judged this very pair. */
  isJudged(a: ImageHash, b: ImageHash): boolean {
    return this.#graph.judgements(a, b).length > 0;
  }

  isFlagged(image: ImageHash): boolean {
    return this.ledger.state.flagsOf(image).length > 0;
  }

  /** Takes in what changed in the ledger. Returns what that did; undefined where it may be anything. */
  update({ pairs }: LedgerChange): RelationChange | undefined {
    if (pairs === 'all') {
      this.#graph = RelationGraph.of(judgedPairs(this.ledger));
      return undefined;
    }
    const changes = pairs.map(([a, b]) => this.#graph.set(a, b, this.ledger.state.answersOf(a, b)));
    return {
      images: changes.flatMap(({ images }) => images),
      resized: changes.flatMap(({ resized }) => resized),
      contradictions: changes.flatMap(({ contradictions }) => contradictions),
    };
  }

  /** Pairs that nobody judged and that follow all the same, contradicted components left out; at most `limit`. */
  impliedPairs(limit: number): { pairs: ImpliedPair[]; cut: boolean } {
    const pairs: ImpliedPair[] = [];
    const add = (a: ImageHash, b: ImageHash, relation: 'same' | 'different'): boolean => {
      if (pairs.length >= limit) return false;
      const found = this.#graph.known(a, b);
      if (found?.relation === relation && found.from === 'implied' && !found.contradicted)
        pairs.push({ a, b, relation });
      return true;
    };
    for (const members of this.#graph.componentsOf(2)) {
      for (let i = 0; i < members.length; i++) {
        for (let j = i + 1; j < members.length; j++)
          if (!add(members[i], members[j], 'same')) return { pairs, cut: true };
      }
    }
    // Each judged `different` carries over to every pair of the two components; met once, from its first edge.
    const met = new Set<string>();
    for (const { a, b, judgements } of this.#graph.judged()) {
      if (!judgements.some(({ relation }) => relation === 'different')) continue;
      const [p, q] = [this.#graph.componentOf(a), this.#graph.componentOf(b)];
      const key = p < q ? `${p} ${q}` : `${q} ${p}`;
      if (p === q || met.has(key)) continue;
      met.add(key);
      for (const x of this.#graph.membersOf(a)) {
        for (const y of this.#graph.membersOf(b)) if (!add(x, y, 'different')) return { pairs, cut: true };
      }
    }
    return { pairs, cut: false };
  }
}

function* judgedPairs({ state }: Ledger): Generator<JudgedPair> {
  for (const judgements of state.standing()) yield { a: judgements[0].a, b: judgements[0].b, judgements };
}
