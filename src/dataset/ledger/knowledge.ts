import { type RelationChange, RelationGraph } from '../../core/relations';
import type { ImageHash } from '../../core/types';
import type { Ledger, LedgerChange } from './ledger';

/** What became different in what is known; `all` where the ledger's file was replaced. */
export interface KnowledgeChange extends LedgerChange {
  relations: RelationChange | 'all';
}

/** A ledger together with what its standing answers imply, kept in step by every change, also by other processes. */
export class Knowledge {
  graph: RelationGraph;
  private readonly listeners = new Set<(change: KnowledgeChange) => void>();
  private readonly stop: () => void;

  constructor(readonly ledger: Ledger) {
    this.graph = this.build();
    this.stop = ledger.onChange(change => this.follow(change));
  }

  /** Calls back after the graph has followed a change. Returns how to stop. */
  onChange(listener: (change: KnowledgeChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  dispose(): void {
    this.stop();
    this.listeners.clear();
  }

  private build(): RelationGraph {
    return RelationGraph.of(judgedPairs(this.ledger));
  }

  private follow(change: LedgerChange): void {
    const relations = change.pairs === 'all' ? 'all' : this.apply(change.pairs);
    if (relations === 'all') this.graph = this.build();
    for (const listener of this.listeners) listener({ ...change, relations });
  }

  private apply(pairs: readonly [ImageHash, ImageHash][]): RelationChange {
    const images = new Set<ImageHash>();
    const contradictions: [ImageHash, ImageHash][] = [];
    for (const [a, b] of pairs) {
      const change = this.graph.set(a, b, this.ledger.state.answersOf(a, b));
      for (const image of change.images) images.add(image);
      contradictions.push(...change.contradictions);
    }
    return { images: [...images], contradictions };
  }
}

function* judgedPairs({ state }: Ledger) {
  for (const judgements of state.standing()) {
    const { a, b } = judgements[0]!;
    yield { a, b, judgements };
  }
}
