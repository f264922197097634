import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageHash } from '../../../src/core/types';
import { addUnionMerge, compact, Ledger } from '../../../src/dataset/ledger';
import { answerLine, image, ledgerFile, readLedger, temporaryFolder, writeLedger } from './helpers';

const [A, B, C] = [image('a'), image('b'), image('c')];
const [ada, bob, carol] = ['ada@example.org', 'bob@example.org', 'carol@example.org'];

const counting = ({ state }: Ledger) => state.answersOf(A, B).map(({ by, relation }) => [by, relation]);
const pairs = (list: [ImageHash, ImageHash][]) => list.map(pair => [...pair].sort());
const idsOf = ({ state }: Ledger) => state.saidOf(A, B).map(({ id }) => id);

/** Ada says that A and B are the same, Bob that they are not. */
async function disputed(folder = temporaryFolder()): Promise<string> {
  for (const [by, relation] of [
    [ada, 'same'],
    [bob, 'different'],
  ] as const)
    await (await Ledger.open(folder, { by })).answer({ a: A, b: B, relation });
  return folder;
}

describe('an answer that settles', () => {
  it('counts alone, keeps what it settles, and one undo brings the disagreement back, also after a restart', async () => {
    const folder = await disputed();
    const ledger = await Ledger.open(folder, { by: carol });
    expect(pairs(ledger.state.disagreements())).toEqual([[A, B].sort()]);
    await ledger.answer({ a: B, b: A, relation: 'same', settles: idsOf(ledger) });
    for (const each of [ledger, await Ledger.open(folder, { by: carol })]) {
      expect(counting(each)).toEqual([[carol, 'same']]);
      expect(each.state.disagreements()).toEqual([]);
      expect(pairs(each.state.settlements())).toEqual([[A, B].sort()]);
      expect(each.state.saidOf(A, B).map(({ by, settled }) => [by, settled])).toEqual([
        [carol, false],
        [bob, true],
        [ada, true],
      ]);
      expect([...each.state.standing()]).toHaveLength(1);
    }
    await ledger.undo();
    for (const each of [ledger, await Ledger.open(folder, { by: carol })]) {
      expect(counting(each).map(([by]) => by)).toEqual([bob, ada]);
      expect(each.state.disagreements()).toHaveLength(1);
      expect(each.state.settlements()).toEqual([]);
    }
  });

  it('is told to whoever follows the ledger, as is its undo', async () => {
    const folder = await disputed();
    const ledger = await Ledger.open(folder, { by: carol });
    const told: unknown[] = [];
    ledger.onChange(change => told.push(pairs(change.pairs as [ImageHash, ImageHash][])));
    await ledger.answer({ a: A, b: B, relation: 'same', settles: idsOf(ledger) });
    await ledger.undo();
    expect(told).toEqual([[[A, B].sort()], [[A, B].sort()]]);
  });

  it('leaves agreement as it was: what people said by themselves is what is compared', async () => {
    const folder = await disputed();
    const ledger = await Ledger.open(folder, { by: ada });
    await ledger.answer({ a: A, b: B, relation: 'different', settles: idsOf(ledger) });
    expect(counting(ledger)).toEqual([[ada, 'different']]);
    const said = [...ledger.state.independent()].map(answers =>
      answers.map(({ by, relation }) => [by, relation]).sort(),
    );
    expect(said).toEqual([
      [
        [ada, 'same'],
        [bob, 'different'],
      ],
    ]);
    expect(ledger.state.independentOf(A, B, ada)?.relation).toBe('same');
  });

  it('settles what it names and no more: whoever speaks again is heard', async () => {
    const folder = await disputed();
    const ledger = await Ledger.open(folder, { by: carol });
    await ledger.answer({ a: A, b: B, relation: 'same', settles: idsOf(ledger) });
    await ledger.answer({ a: A, b: B, relation: 'different' }, { by: bob });
    expect(ledger.state.differs(A, B)).toBe(true);
    await ledger.answer({ a: A, b: B, relation: 'different', settles: idsOf(ledger) });
    expect(counting(ledger)).toEqual([[carol, 'different']]);
    // Bob's word of before stands again in his name, and nobody named it in the last settlement; Carol's first one did.
    await ledger.undo(undefined, { by: bob });
    expect(counting(ledger)).toEqual([[carol, 'different']]);
  });

  it('is newer than what it settles, however wrong the other clock was', async () => {
    const folder = temporaryFolder();
    writeLedger(
      folder,
      answerLine('1', A, B) + answerLine('2', A, B, { by: bob, relation: 'different', at: '2031-01-01T00:00:00.000Z' }),
    );
    const ledger = await Ledger.open(folder, { by: carol });
    await ledger.answer({ a: A, b: B, relation: 'different', settles: ['1', '2'] });
    expect(counting(ledger)).toEqual([[carol, 'different']]);
  });

  it('names answers on its own pair; anything else that it names is as it was, and a strange field is passed over', async () => {
    const folder = temporaryFolder();
    const later = { at: '2026-11-23T10:00:00.000Z', by: carol };
    writeLedger(
      folder,
      answerLine('1', A, B) +
        answerLine('2', A, C) +
        answerLine('3', B, C, { ...later, settles: ['2', 'not here', 7, '3'] }) +
        answerLine('4', A, C, { ...later, relation: 'different', settles: 'all' }),
    );
    const { state } = await Ledger.open(folder, { by: ada });
    expect(state.answersOf(A, C).map(({ id }) => id)).toEqual(['4', '2']);
    expect(state.answersOf(B, C).map(({ id }) => id)).toEqual(['3']);
  });

  it('of two that name each other the newer one counts', async () => {
    const folder = temporaryFolder();
    writeLedger(
      folder,
      answerLine('1', A, B, { settles: ['2'] }) +
        answerLine('2', A, B, { by: bob, at: '2026-11-23T10:00:00.000Z', relation: 'different', settles: ['1'] }),
    );
    expect(counting(await Ledger.open(folder, { by: ada }))).toEqual([[bob, 'different']]);
  });

  it('survives compaction with what it settles, unknown fields included, and leaves with its undo', async () => {
    const folder = temporaryFolder();
    const settling = {
      at: '2026-11-23T10:00:00.000Z',
      by: carol,
      settles: ['1', '2'],
      reason: { note: 'ü', "doesn't": [1] },
    };
    const lines =
      answerLine('1', A, B) +
      answerLine('2', A, B, { by: bob, relation: 'different' }) +
      answerLine('3', A, B, settling);
    writeLedger(folder, lines);
    const ledger = await Ledger.open(folder, { by: carol });
    await compact(ledger);
    expect(readLedger(folder)).toBe(lines);
    expect(counting(ledger)).toEqual([[carol, 'same']]);
    await ledger.undo();
    await compact(ledger);
    expect(readLedger(folder)).toBe(lines.split('\n').slice(0, 2).join('\n') + '\n');
    expect(ledger.state.differs(A, B)).toBe(true);
  });

  it('merged by git from two branches gives what both said, and a further one settles that', async () => {
    const folder = temporaryFolder();
    const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });
    const commit = (message: string) => {
      git('add', '-A');
      git('commit', '-qm', message);
    };
    git('init', '-q', '-b', 'main');
    git('config', 'user.email', ada);
    git('config', 'user.name', 'Ada');
    writeFileSync(path.join(folder, 'readme'), '');
    await disputed(folder);
    await addUnionMerge(folder);
    commit('disputed');
    const settle = async (by: string, relation: 'same' | 'different') => {
      const ledger = await Ledger.open(folder, { by });
      await ledger.answer({ a: A, b: B, relation, settles: idsOf(ledger) });
    };
    git('checkout', '-qb', 'other');
    await settle(bob, 'different');
    commit('bob');
    git('checkout', '-q', 'main');
    await settle(carol, 'same');
    commit('carol');
    git('merge', '-q', '--no-edit', 'other');
    const merged = await Ledger.open(folder, { by: ada });
    expect(counting(merged).sort()).toEqual([
      [bob, 'different'],
      [carol, 'same'],
    ]);
    expect(merged.state.differs(A, B)).toBe(true);
    await settle(ada, 'different');
    await merged.refresh();
    expect(counting(merged)).toEqual([[ada, 'different']]);
    await merged.undo();
    expect(
      counting(merged)
        .map(([by]) => by)
        .sort(),
    ).toEqual([bob, carol]);
  });

  it('means the same in whatever order events come, at once or one by one', async () => {
    const step = fc.record({
      who: fc.nat(2),
      relation: fc.constantFrom('same', 'different', 'incomparable'),
      pair: fc.nat(1),
      settle: fc.boolean(),
      undo: fc.boolean(),
    });
    const shuffled = fc.array(step, { minLength: 1, maxLength: 12 }).chain(steps =>
      fc.record({
        steps: fc.constant(steps),
        order: fc.shuffledSubarray([...steps.keys()], { minLength: steps.length }),
      }),
    );
    const told = ({ state }: Ledger) => ({
      said: [A, C].map(other => state.saidOf(A === other ? B : A, other)),
      differs: pairs(state.disagreements()).sort(),
      settled: pairs(state.settlements()).sort(),
      independent: [...state.independent()].map(answers => answers.map(({ id }) => id).sort()).sort(),
    });
    await fc.assert(
      fc.asyncProperty(shuffled, async ({ steps, order }) => {
        const written = temporaryFolder();
        for (const { who, relation, pair, settle, undo } of steps) {
          const ledger = await Ledger.open(written, { by: [ada, bob, carol][who] });
          const other = [B, C][pair];
          if (undo) await ledger.undo();
          else {
            const settles = ledger.state.saidOf(A, other).map(({ id }) => id);
            await ledger.answer({ a: A, b: other, relation, ...(settle && { settles }) });
          }
        }
        if (!ledgerExists(written)) return;
        const whole = told(await Ledger.open(written, { by: ada }));
        const lines = readLedger(written).split('\n').slice(0, -1);
        const some = order.filter(i => i < lines.length).map(i => `${lines[i]}\n`);
        const mixed = temporaryFolder();
        writeLedger(mixed, some.join(''));
        expect(told(await Ledger.open(mixed, { by: ada }))).toEqual(whole);
        const grown = temporaryFolder();
        writeLedger(grown, '');
        const ledger = await Ledger.open(grown, { by: ada });
        for (const line of some) {
          appendFileSync(ledgerFile(grown), line);
          await ledger.refresh();
          ledger.state.disagreements();
        }
        expect(told(ledger)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });
});

function ledgerExists(folder: string): boolean {
  try {
    return readLedger(folder) !== '';
  } catch {
    return false;
  }
}
