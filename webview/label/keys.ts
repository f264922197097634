import type { Relation, TripletVerdict } from '../../src/core/types';

/** What a key means in the Label page. */
export type Action =
  | { do: 'answer'; verdict: Relation | TripletVerdict }
  | { do: 'flag' | 'undo' | 'flip' | 'back' | 'forth' | 'help' | 'escape' }
  /** in flag mode: the picture with this number; in a contradiction: the answer; from 0 */
  | { do: 'pick'; index: number }
  /** of a contradiction: the answer above or below, what the chosen one really is, and not now */
  | { do: 'above' | 'below' | 'correct' | 'unclear' | 'later' }
  /** of an offer to change classes: its wider or its narrower choice */
  | { do: 'merge' | 'relabel' };

/** What the page shows, as far as it decides what keys mean. */
export interface KeyMode {
  flagging?: boolean;
  contradiction?: boolean;
  offered?: boolean;
}

/** The parts of a `KeyboardEvent` that decide. */
export interface Press {
  key: string;
  repeat: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const PAIR_VERDICTS: Readonly<Record<string, Relation>> = {
  s: 'same',
  d: 'different',
  u: 'incomparable',
  ' ': 'incomparable',
};

const TRIPLET_VERDICTS: Readonly<Record<string, TripletVerdict>> = {
  y: 'good',
  p: 'positive-wrong',
  n: 'negative-same',
  b: 'both-wrong',
  u: 'incomparable',
  ' ': 'incomparable',
};

type Plain = Exclude<Action, { do: 'answer' | 'pick' }>['do'];

const IN_CONTRADICTION: Readonly<Record<string, Plain>> = {
  c: 'correct',
  u: 'unclear',
  ' ': 'unclear',
  l: 'later',
  escape: 'later',
  arrowup: 'above',
  arrowdown: 'below',
  z: 'undo',
  backspace: 'undo',
  f: 'flip',
  '?': 'help',
};

const IN_OFFER: Readonly<Record<string, Plain>> = { m: 'merge', r: 'relabel' };

const OTHERS: Readonly<Record<string, Plain>> = {
  x: 'flag',
  z: 'undo',
  backspace: 'undo',
  f: 'flip',
  arrowleft: 'back',
  arrowright: 'forth',
  '?': 'help',
  escape: 'escape',
};

/**
 * The action of a key, or undefined where the key is not ours: chords belong to VS Code, and a key held down counts once
 * (an item must not be answered by the press that was meant for the one before it).
 */
export function actionOf(
  press: Press,
  kind: 'pair' | 'triplet',
  { flagging = false, contradiction = false, offered = false }: KeyMode = {},
): Action | undefined {
  if (press.repeat || press.ctrlKey || press.metaKey || press.altKey) return undefined;
  const key = press.key.toLowerCase();
  if ((flagging && /^[1-3]$/.test(key)) || (contradiction && /^[1-9]$/.test(key)))
    return { do: 'pick', index: Number(key) - 1 };
  const plain = contradiction ? IN_CONTRADICTION : offered ? { ...IN_OFFER, ...OTHERS } : OTHERS;
  const other = Object.hasOwn(plain, key) ? plain[key] : undefined;
  if (other || contradiction) return other && { do: other };
  const verdicts: Readonly<Record<string, Relation | TripletVerdict>> =
    kind === 'pair' ? PAIR_VERDICTS : TRIPLET_VERDICTS;
  const verdict = Object.hasOwn(verdicts, key) ? verdicts[key] : undefined;
  return verdict && { do: 'answer', verdict };
}
