import type { ImageHash, Relation } from '../core/types';
import type { Ledger, LedgerChange } from '../dataset/ledger';

/** What the answers say of any pair. */
export class Knowledge {
  implied = 0;
  constructor(readonly ledger: Ledger) {}

  readonly known = (a: ImageHash, b: ImageHash): Relation | undefined => this.ledger.state.answersOf(a, b)[0]?.relation;

  impliedPairs(): { a: ImageHash; b: ImageHash; relation: Relation }[] {
    return [];
  }

  isFlagged(image: ImageHash): boolean {
    return this.ledger.state.flagsOf(image).length > 0;
  }

  update(_change: LedgerChange): void {
    void _change;
  }
}
