import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Relation, TripletVerdict } from '../../../src/core/types';

export interface LedgerLine {
  v: number;
  id: string;
  at: string;
  by: string;
  kind: string;
  a?: string;
  b?: string;
  relation?: Relation;
  paths?: [string, string];
  why?: { lane?: string; model?: string; rank?: number };
  of?: string;
  /** the first event of the act that this one belongs to */
  with?: string;
}

/** The events of a folder's ledger, straight from the file. A line that is no JSON fails the test. */
export function ledgerOf(folder: string): LedgerLine[] {
  const file = path.join(folder, '.margin/answers.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as LedgerLine);
}

/** What stands: answers that no undo took back, by the two paths in alphabetical order. */
export function standing(events: readonly LedgerLine[]): Map<string, Relation> {
  // An undo names one event of an act, and takes back the whole act.
  const actOf = new Map(events.map(event => [event.id, event.with ?? event.id]));
  const undone = new Set(events.filter(event => event.kind === 'undo').map(event => actOf.get(event.of!)));
  const answers = events.filter(event => event.kind === 'answer' && !undone.has(actOf.get(event.id)));
  return new Map(answers.map(({ paths, relation }) => [pairOf(...paths!), relation!]));
}

export function pairOf(one: string, other: string): string {
  return [one, other].sort().join(' | ');
}

/** The two answers that a verdict on a triplet stands for: anchor-positive, anchor-negative. */
export const RELATIONS: Record<TripletVerdict, [Relation, Relation]> = {
  good: ['same', 'different'],
  'positive-wrong': ['different', 'different'],
  'negative-same': ['same', 'same'],
  'both-wrong': ['different', 'same'],
  incomparable: ['incomparable', 'incomparable'],
};

/** The key of each verdict on a triplet. */
export const KEYS: Record<TripletVerdict, string> = {
  good: 'y',
  'positive-wrong': 'p',
  'negative-same': 'n',
  'both-wrong': 'b',
  incomparable: 'u',
};
