import type { ImageHash, Relation } from '../../core/types';
import { LedgerError } from './errors';

/** Why a pair was asked, as it was known then; informative only. */
export interface Why {
  lane?: string;
  model?: string;
  distance?: number;
  margin?: number;
  rank?: number;
  [field: string]: unknown;
}

interface EventBase {
  v: 1;
  id: string;
  /** ISO 8601, UTC */
  at: string;
  by: string;
  /** shared by events of one act (a triplet's two answers, a class merge): undo takes them together */
  with?: string;
}

export interface AnswerEvent extends EventBase {
  kind: 'answer';
  a: ImageHash;
  b: ImageHash;
  relation: Relation;
  /** where the images were last seen, in the order of a and b; informative only */
  paths?: [string, string];
  why?: Why;
  /** how long the pair was looked at */
  ms?: number;
  /** a hidden repeat: asked a second time to measure consistency */
  repeat?: true;
  /**
   * ids of older answers on the same pair that this one settles, because people differed: they are kept, and count no more
   * while this one is not undone
   */
  settles?: string[];
}

export interface UndoEvent extends EventBase {
  kind: 'undo';
  of: string;
}

export interface FlagEvent extends EventBase {
  kind: 'flag';
  image: ImageHash;
  flag: string;
  path?: string;
}

export interface ClassEvent extends EventBase {
  kind: 'class';
  image: ImageHash;
  /** null: of no class */
  class: string | null;
  path?: string;
}

export type LedgerEvent = AnswerEvent | UndoEvent | FlagEvent | ClassEvent;

type Draft<E extends EventBase> = Omit<E, 'v' | 'id' | 'at' | 'by' | 'with'> & { [field: string]: unknown };
export type AnswerDraft = Draft<AnswerEvent>;
export type FlagDraft = Draft<FlagEvent>;
export type ClassDraft = Draft<ClassEvent>;
/** An event before the ledger gives it id, time and author. Further fields are kept as they are. */
export type EventDraft = AnswerDraft | FlagDraft | ClassDraft | Draft<UndoEvent>;

const HASH = /^sha256:[0-9a-f]{64}$/;
const RELATIONS: readonly string[] = ['same', 'different', 'incomparable'];

/** Whether a text is an image's identity. */
export function isImageHash(text: unknown): text is ImageHash {
  return typeof text === 'string' && HASH.test(text);
}

/** Why a parsed line is no event of version 1, or undefined where it is one (also of an unknown kind). */
export function faultOf(event: Record<string, unknown>): string | undefined {
  if (typeof event['v'] !== 'number') return 'has no version';
  if (typeof event['id'] !== 'string' || event['id'] === '') return 'has no id';
  if (typeof event['kind'] !== 'string') return 'has no kind';
  // A later version may mean anything by its fields: it is kept, and passed over.
  if (event['v'] !== 1) return undefined;
  switch (event['kind']) {
    case 'answer':
      if (!isImageHash(event['a']) || !isImageHash(event['b'])) return 'names an image that is no sha256';
      if (event['a'] === event['b']) return 'pairs an image with itself';
      if (!RELATIONS.includes(String(event['relation']))) return 'has an unknown relation';
      break;
    case 'undo':
      if (typeof event['of'] !== 'string') return 'undoes nothing';
      break;
    case 'flag':
      if (!isImageHash(event['image'])) return 'names an image that is no sha256';
      if (typeof event['flag'] !== 'string') return 'has no flag';
      break;
    case 'class':
      if (!isImageHash(event['image'])) return 'names an image that is no sha256';
      if (typeof event['class'] !== 'string' && event['class'] !== null) return 'has no class';
      break;
    default:
      return undefined;
  }
  if (typeof event['by'] !== 'string') return 'does not say by whom';
  if (typeof event['at'] !== 'string' || Number.isNaN(Date.parse(event['at']))) return 'has no valid time';
  return undefined;
}

/**
 * One line without its newline, the known fields first and in the order of docs/DESIGN.md.
 * @throws LedgerError `invalid` where the event could not be read back
 */
export function lineOf(event: LedgerEvent): string {
  const fault = faultOf({ ...event });
  if (fault !== undefined) throw new LedgerError('invalid', `an event of kind ${String(event.kind)} ${fault}`);
  const { v, id, at, by, kind, ...rest } = event;
  return JSON.stringify({ v, id, at, by, kind, ...rest });
}
