import type { Verdict } from '../ui/verdicts';
import { PAIR_CHOICES, TRIPLET_CHOICES, VERDICT_KEYS } from '../ui/verdicts';

/** What a key means while the rows have the keyboard. */
export type Action =
  | { do: 'answer'; verdict: Verdict }
  | { do: 'move'; by: number }
  | { do: 'page'; by: 1 | -1 }
  | { do: 'first' | 'last' | 'undo' | 'search' | 'openLine' };

export interface Press {
  key: string;
  repeat: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

const MOVES: Readonly<Record<string, Action>> = {
  ArrowDown: { do: 'move', by: 1 },
  ArrowUp: { do: 'move', by: -1 },
  PageDown: { do: 'page', by: 1 },
  PageUp: { do: 'page', by: -1 },
  Home: { do: 'first' },
  End: { do: 'last' },
};

const ACTS: Readonly<Record<string, Action>> = {
  z: { do: 'undo' },
  backspace: { do: 'undo' },
  '/': { do: 'search' },
  enter: { do: 'openLine' },
};

/** The action of a key on a row of this kind, or undefined where the key is not ours. Only moves repeat. */
export function actionOf(press: Press, kind: 'pair' | 'triplet' | 'broken'): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey) return undefined;
  if (Object.hasOwn(MOVES, press.key)) return MOVES[press.key];
  if (press.repeat) return undefined;
  const key = press.key.toLowerCase();
  if (Object.hasOwn(ACTS, key)) return ACTS[key];
  const choices: readonly Verdict[] = kind === 'pair' ? PAIR_CHOICES : kind === 'triplet' ? TRIPLET_CHOICES : [];
  const verdict = choices.find(choice => VERDICT_KEYS[choice].toLowerCase() === key);
  return verdict && { do: 'answer', verdict };
}
