import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actionOf } from '../../webview/label/keys';
import { PAIR_CHOICES, TRIPLET_CHOICES, VERDICT_KEYS } from '../../webview/ui/verdicts';

const plain = { repeat: false, ctrlKey: false, metaKey: false, altKey: false };

describe('the keys of the Label page', () => {
  test('each verdict is reached by the key on its button, in either case', () => {
    for (const [kind, choices] of [
      ['pair', PAIR_CHOICES],
      ['triplet', TRIPLET_CHOICES],
    ] as const) {
      for (const verdict of choices) {
        const key = VERDICT_KEYS[verdict];
        for (const cased of [key, key.toLowerCase()]) {
          expect(actionOf({ ...plain, key: cased }, kind)).toEqual({ do: 'answer', verdict });
        }
      }
    }
  });

  test.each([
    ['z', 'undo'],
    ['Backspace', 'undo'],
    ['x', 'flag'],
    ['f', 'flip'],
    ['ArrowLeft', 'back'],
    ['ArrowRight', 'forth'],
    ['?', 'help'],
    ['Escape', 'escape'],
  ])('%s is %s for pairs and triplets', (key, action) => {
    expect(actionOf({ ...plain, key }, 'pair')).toEqual({ do: action });
    expect(actionOf({ ...plain, key }, 'triplet')).toEqual({ do: action });
  });

  test('the verdicts of one kind mean nothing for the other', () => {
    expect(actionOf({ ...plain, key: 'y' }, 'pair')).toBeUndefined();
    expect(actionOf({ ...plain, key: 's' }, 'triplet')).toBeUndefined();
  });

  test('numbers pick a picture only while flagging', () => {
    expect(actionOf({ ...plain, key: '3' }, 'triplet', { flagging: true })).toEqual({ do: 'pick', index: 2 });
    expect(actionOf({ ...plain, key: '3' }, 'triplet')).toBeUndefined();
  });

  test('a contradiction has keys of its own, and none of the verdicts', () => {
    const mode = { contradiction: true };
    const act = (key: string) => actionOf({ ...plain, key }, 'triplet', mode);
    expect(act('c')).toEqual({ do: 'correct' });
    expect(act('L')).toEqual({ do: 'later' });
    expect(act('Escape')).toEqual({ do: 'later' });
    expect(act('u')).toEqual({ do: 'unclear' });
    expect(act('9')).toEqual({ do: 'pick', index: 8 });
    expect(act('Backspace')).toEqual({ do: 'undo' });
    for (const key of ['y', 'n', 'p', 'b', 's', 'd', 'x', 'm', 'ArrowLeft']) expect(act(key)).toBeUndefined();
  });

  test('an offer adds its two keys, and takes none away', () => {
    expect(actionOf({ ...plain, key: 'm' }, 'pair')).toBeUndefined();
    expect(actionOf({ ...plain, key: 'm' }, 'pair', { offered: true })).toEqual({ do: 'merge' });
    expect(actionOf({ ...plain, key: 'r' }, 'triplet', { offered: true })).toEqual({ do: 'relabel' });
    expect(actionOf({ ...plain, key: 'n' }, 'triplet', { offered: true })).toEqual({
      do: 'answer',
      verdict: 'negative-same',
    });
  });

  test('no chord and no repeat is ever ours, and no key name trips it', () => {
    const held = fc.constantFrom('repeat', 'ctrlKey', 'metaKey', 'altKey');
    const key = fc.oneof(fc.constantFrom('s', 'y', 'z', ' ', 'Backspace', '__proto__', 'constructor'), fc.string());
    fc.assert(
      fc.property(key, held, fc.constantFrom('pair', 'triplet'), fc.boolean(), (name, modifier, kind, flagging) => {
        expect(actionOf({ ...plain, key: name, [modifier]: true }, kind as 'pair', { flagging })).toBeUndefined();
        const action = actionOf({ ...plain, key: name }, kind as 'pair', { flagging });
        if (action) expect(typeof action.do).toBe('string');
      }),
    );
  });
});
