import type { AnswerRow, ContradictionRow, FlaggedRow, SuspectRow } from '../../rpc/engine-protocol';

/** The Answers view's rows. */
export type Group = 'contradictions' | 'suspects' | 'disagreements' | 'flagged' | 'all';

export type Node =
  | { kind: 'group'; group: Group; total: number; children: Node[] }
  | { kind: 'contradiction'; row: ContradictionRow }
  | { kind: 'answer'; row: AnswerRow; key: string; note?: string; flipTo?: 'same' | 'different' }
  | { kind: 'flagged'; row: FlaggedRow }
  | { kind: 'more'; from: number };

/** The answers that contradict each other, the likeliest wrong one first, each with what it would say if corrected. */
export function contradictionChildren(
  { answers }: ContradictionRow,
  describe: (probability: number) => string,
): Node[] {
  return answers.map(row => ({
    kind: 'answer',
    key: `contradiction ${row.id}`,
    row,
    flipTo: row.flipTo,
    note: describe(row.probability),
  }));
}

export function suspectNode(row: SuspectRow): Node {
  return {
    kind: 'answer',
    key: `suspect ${row.id}`,
    row,
    ...(row.relation !== 'incomparable' && { flipTo: opposite(row.relation) }),
  };
}

function opposite(relation: 'same' | 'different'): 'same' | 'different' {
  return relation === 'same' ? 'different' : 'same';
}
