import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ledger, type LedgerChange, tripletAnswers } from '../../../src/dataset/ledger';
import { canLock as canLease, lockFile } from '../../support/lock';
import { answerLine, image, ledgerFile, readLedger, temporaryFolder, writeLedger } from './helpers';

const [A, B, C] = [image('a'), image('b'), image('c')];
const by = 'ada@example.org';

/** Whether this system lets us make a file that not even its owner can write: Linux, with the rights to do so. */
function canLock(): boolean {
  const file = path.join(temporaryFolder(), 'lock');
  writeFileSync(file, '');
  try {
    execFileSync('chattr', ['+i', file], { stdio: 'ignore' });
    execFileSync('chattr', ['-i', file], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('an answer', () => {
  it('is one line of the file, in the documented order, and stands after a restart', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by, now: () => Date.UTC(2026, 10, 22, 10) });
    const { ids, saved } = await ledger.answer({
      a: A,
      b: B,
      relation: 'same',
      paths: ['x/1.jpg', 'ü/猫.jpg'],
      ms: 842,
    });
    expect(saved).toBe(true);
    expect(readLedger(folder)).toBe(
      `{"v":1,"id":"${ids[0]}","at":"2026-11-22T10:00:00.000Z","by":"${by}","kind":"answer","a":"${A}","b":"${B}",` +
        `"relation":"same","paths":["x/1.jpg","ü/猫.jpg"],"ms":842}\n`,
    );
    const again = await Ledger.open(folder, { by });
    expect(again.state.answers).toBe(1);
    expect(again.state.answersOf(B, A)).toMatchObject([{ id: ids[0], relation: 'same', by, ms: 842 }]);
    expect(readFileSync(path.join(folder, '.margin', '.gitignore'), 'utf8')).toBe('cache/\n');
  });

  it('of a later moment stands over an earlier one, also when the clock stepped back', async () => {
    const folder = temporaryFolder();
    let now = 1_000_000;
    const ledger = await Ledger.open(folder, { by, now: () => now });
    await ledger.answer({ a: A, b: B, relation: 'same' });
    now = 500_000;
    await ledger.answer({ a: B, b: A, relation: 'different' });
    expect(ledger.state.answersOf(A, B).map(({ relation }) => relation)).toEqual(['different']);
    expect(ledger.state.answers).toBe(1);
    expect(ledger.state.history(A, B, by).map(({ relation }) => relation)).toEqual(['same', 'different']);
  });

  it('is given back whole, many in one pass, in the order of the file', async () => {
    const folder = temporaryFolder();
    const long = 'x'.repeat(300_000);
    const lines = Array.from({ length: 2000 }, (_, i) =>
      answerLine(`id-${i}`, image(`a${i}`), image(`b${i}`), {
        why: { lane: i === 7 ? long : 'hard-negatives', rank: i },
      }),
    );
    writeLedger(folder, lines.map(line => line.trimEnd() + '\n').join(''));
    const ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'same', why: { rank: -1 } }, { token: 'mine' });
    const wanted = ['id-1999', 'mine', 'id-7', 'nobody', 'id-8', 'id-0'];
    const found: unknown[] = [];
    for await (const event of ledger.eventsOf(wanted))
      found.push([event['id'], (event['why'] as { rank: number }).rank]);
    expect(found).toEqual([
      ['id-0', 0],
      ['id-7', 7],
      ['id-8', 8],
      ['id-1999', 1999],
      ['mine', -1],
    ]);
    rmSync(ledgerFile(folder));
    for await (const event of ledger.eventsOf(['id-1'])) expect.unreachable(String(event['id']));
  });

  it('by two people is two answers', async () => {
    const ledger = await Ledger.open(temporaryFolder(), { by });
    await ledger.answer({ a: A, b: B, relation: 'same' });
    await ledger.answer({ a: A, b: B, relation: 'different' }, { by: 'bob' });
    expect(ledger.state.answers).toBe(2);
    expect(ledger.state.answerOf(A, B, by)?.relation).toBe('same');
    expect(ledger.state.answerOf(A, B, 'bob')?.relation).toBe('different');
    expect(ledger.state.answerOf(A, B, 'eve')).toBeUndefined();
  });

  it('given twice with one token is written once, also by another process', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    const drafts = tripletAnswers({ anchor: A, positive: B, negative: C }, { positive: 'same', negative: 'different' });
    const once = ledger.append(drafts, { token: 'one' });
    const twice = ledger.append(drafts, { token: 'one' });
    expect(await once).toMatchObject({ saved: true, fresh: true });
    expect(await twice).toMatchObject({ saved: true, fresh: false });
    const other = await Ledger.open(folder, { by });
    expect(await other.append(drafts, { token: 'one' })).toMatchObject({ saved: true, fresh: false });
    expect(readLedger(folder).trimEnd().split('\n')).toHaveLength(2);
    expect(other.state.answers).toBe(2);
  });

  it('whose second line a crash swallowed is completed, not doubled, when it is sent again', async () => {
    const folder = temporaryFolder();
    const drafts = tripletAnswers({ anchor: A, positive: B, negative: C }, { positive: 'same', negative: 'different' });
    await (await Ledger.open(folder, { by })).append(drafts, { token: 'one' });
    const [first, second] = readLedger(folder).split('\n');
    writeLedger(folder, `${first!}\n${second!.slice(0, 50)}`);
    const ledger = await Ledger.open(folder, { by });
    expect(await ledger.append(drafts, { token: 'one' })).toMatchObject({ saved: true });
    expect(ledger.state.answers).toBe(2);
    const lines = readLedger(folder).trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.filter(line => line.includes('"id":"one"'))).toHaveLength(1);
  });

  it('that could not be read back is refused before anything is written', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    await expect(ledger.answer({ a: A, b: A, relation: 'same' })).rejects.toThrow('itself');
    await expect(ledger.answer({ a: 'sha256:1', b: A, relation: 'same' })).rejects.toThrow('no sha256');
    await expect(ledger.answer({ a: A, b: B, relation: 'same' }, { token: 'a\nb' })).rejects.toThrow('token');
    expect(() => readLedger(folder)).toThrow('ENOENT');
    expect(ledger.state.events).toBe(0);
  });
});

describe('undo', () => {
  it('is an event, takes a triplet whole, goes back without limit and over restarts', async () => {
    const folder = temporaryFolder();
    let ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'different' });
    await ledger.append(
      tripletAnswers({ anchor: A, positive: B, negative: C }, { positive: 'same', negative: 'same' }),
    );
    await ledger.flag(C);
    expect(ledger.state.flagged().get(C)).toMatchObject([{ flag: 'unusable', by }]);
    ledger = await Ledger.open(folder, { by });
    expect((await ledger.undo())?.answers).toEqual([]);
    expect(ledger.state.flagged().size).toBe(0);
    expect((await ledger.undo())?.answers.map(({ b }) => b)).toEqual([B, C]);
    expect(ledger.state.answersOf(A, B).map(({ relation }) => relation)).toEqual(['different']);
    ledger = await Ledger.open(folder, { by });
    expect((await ledger.undo())?.answers).toHaveLength(1);
    expect(ledger.state.answers).toBe(0);
    expect(await ledger.undo()).toBeUndefined();
    expect(readLedger(folder).trimEnd().split('\n')).toHaveLength(7);
    await ledger.answer({ a: A, b: B, relation: 'same' });
    expect(ledger.state.answers).toBe(1);
  });

  it('takes only what this person did, unless an event is named', async () => {
    const ledger = await Ledger.open(temporaryFolder(), { by });
    const { ids } = await ledger.answer({ a: A, b: B, relation: 'same' }, { by: 'bob' });
    expect(await ledger.undo()).toBeUndefined();
    expect((await ledger.undo(ids[0]))?.of).toBe(ids[0]);
    expect(ledger.state.answers).toBe(0);
  });

  it('with a token that is known undoes nothing more', async () => {
    const ledger = await Ledger.open(temporaryFolder(), { by });
    await ledger.answer({ a: A, b: B, relation: 'same' });
    await ledger.answer({ a: A, b: C, relation: 'same' });
    const first = await ledger.undo(undefined, { token: 'u1' });
    const second = await ledger.undo(undefined, { token: 'u1' });
    expect(second?.of).toBe(first?.of);
    expect(ledger.state.answers).toBe(1);
  });

  it('holds where the merge put it before the answer it takes back', async () => {
    const folder = temporaryFolder();
    const undo = `{"v":1,"id":"u","at":"2026-11-22T11:00:00.000Z","by":"${by}","kind":"undo","of":"x"}\n`;
    writeLedger(folder, undo + answerLine('x', A, B));
    const { state } = await Ledger.open(folder, { by });
    expect(state.answers).toBe(0);
    expect(state.isUndone('x')).toBe(true);
    expect(state.lastOf(by)).toBeUndefined();
  });
});

describe('classes', () => {
  it('change in one act and come back with one undo', async () => {
    const ledger = await Ledger.open(temporaryFolder(), { by });
    await ledger.reclass([A], 'dogs');
    await ledger.reclass([A, B, C], 'cats');
    expect([...ledger.state.reclassed().values()].map(now => now.class)).toEqual(['cats', 'cats', 'cats']);
    await ledger.undo();
    expect([...ledger.state.reclassed()].map(([hash, now]) => [hash, now.class])).toEqual([[A, 'dogs']]);
    await ledger.reclass([A], null);
    expect(ledger.state.classOf(A)?.class).toBeNull();
  });
});

describe('what a person answered', () => {
  it('comes in the order of time, whatever the order of lines, without what is undone', async () => {
    const folder = temporaryFolder();
    const at = (minute: number) => ({ at: `2026-11-22T10:0${minute}:00.000Z` });
    writeLedger(
      folder,
      answerLine('3', A, B, at(3)) +
        answerLine('1', A, C, at(1)) +
        answerLine('x', A, C, { ...at(2), by: 'bob' }) +
        answerLine('2', B, C, at(2)),
    );
    const ledger = await Ledger.open(folder, { by });
    expect(ledger.state.answersBy(by).map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(ledger.state.answersBy(by, Date.parse(at(2).at)).map(({ id }) => id)).toEqual(['2', '3']);
    expect([...ledger.state.recentBy(by)].map(({ id }) => id)).toEqual(['3', '2', '1']);
    expect((await ledger.undo())?.of).toBe('3');
    expect((await ledger.undo('1'))?.of).toBe('1');
    expect([...ledger.state.recentBy(by)].map(({ id }) => id)).toEqual(['2']);
    expect(ledger.state.authors()).toEqual([by, 'bob']);
  });
});

describe('foreign content', () => {
  it('is reported with its line, passed over and kept', async () => {
    const folder = temporaryFolder();
    const unknown = '{"v":1,"id":"k","kind":"remark","text":"later"}\n';
    const content =
      '<<<<<<< HEAD\n' +
      answerLine('1', A, B, { mood: { a: ['\\"', null, -1.5e3] } }) +
      '\n' +
      unknown +
      '{"v":2,"id":"k2","kind":"answer","a":"other"}\n' +
      answerLine('2', A, A) +
      answerLine('3', A, C).replace('\n', '\r\n') +
      '[1]\n';
    writeLedger(folder, content);
    const ledger = await Ledger.open(folder, { by });
    expect(ledger.problems.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '1 is no JSON object',
      '6 pairs an image with itself',
      '8 is no JSON object',
    ]);
    expect(ledger.state.answers).toBe(2);
    expect(ledger.state.passedOver).toBe(2);
    expect(await ledger.event('1')).toMatchObject({ mood: { a: ['\\"', null, -1500] } });
    await ledger.answer({ a: B, b: C, relation: 'different' });
    expect(readLedger(folder).startsWith(content)).toBe(true);
  });

  it('torn at any byte costs the torn line only, and never the next one', async () => {
    const folder = temporaryFolder();
    const first = answerLine('1', A, B);
    const last = answerLine('2', A, C, { by: 'ü' });
    const bytes = Buffer.from(first + last);
    const start = Buffer.byteLength(first);
    for (let cut = start; cut <= bytes.length; cut++) {
      writeLedger(folder, bytes.subarray(0, cut));
      const ledger = await Ledger.open(folder, { by });
      const whole = cut >= bytes.length - 1;
      expect(ledger.state.answers).toBe(whole ? 2 : 1);
      expect(ledger.problems.map(({ line }) => line)).toEqual(cut === start || whole ? [] : [2]);
      if (cut % 16 !== 0 && !whole) continue;
      await ledger.answer({ a: B, b: C, relation: 'same' });
      const again = await Ledger.open(folder, { by });
      expect(again.state.answers).toBe(whole ? 3 : 2);
    }
  });
});

describe('what others write', () => {
  it('appears on refresh, and is told', async () => {
    const folder = temporaryFolder();
    const [mine, theirs] = [await Ledger.open(folder, { by }), await Ledger.open(folder, { by: 'bob' })];
    const changes: LedgerChange[] = [];
    mine.onChange(change => changes.push(change));
    await theirs.answer({ a: A, b: B, relation: 'same' });
    expect(mine.state.answers).toBe(0);
    await mine.refresh();
    expect(mine.state.answers).toBe(1);
    await mine.refresh();
    expect(changes).toEqual([{ pairs: [[A, B]] }]);
    await theirs.undo();
    await mine.answer({ a: A, b: C, relation: 'same' });
    expect(mine.state.answersOf(A, B)).toEqual([]);
  });

  it('a torn tail that another process then ends with its own line costs nothing that was saved', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'same' });
    appendFileSync(ledgerFile(folder), '{"v":1,"id":"to');
    await ledger.refresh();
    expect(ledger.problems.map(({ line }) => line)).toEqual([2]);
    await ledger.answer({ a: A, b: C, relation: 'same' });
    expect((await Ledger.open(folder, { by })).state.answers).toBe(2);
    expect(ledger.problems.map(({ line }) => line)).toEqual([2]);
  });

  it.each([
    ['truncated', (folder: string) => writeFileSync(ledgerFile(folder), answerLine('n', B, C))],
    [
      'replaced by another file',
      (folder: string) => {
        rmSync(ledgerFile(folder));
        writeLedger(folder, answerLine('n', B, C) + answerLine('o', B, A).repeat(5));
      },
    ],
    ['rewritten in place', (folder: string) => writeFileSync(ledgerFile(folder), answerLine('n', B, C).repeat(9))],
  ])('a file that was %s is read anew', async (_, rewrite) => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'same', paths: ['x'.repeat(400), 'y'] });
    await ledger.answer({ a: A, b: C, relation: 'same' });
    const changes: LedgerChange[] = [];
    ledger.onChange(change => changes.push(change));
    rewrite(folder);
    await ledger.refresh();
    expect(changes).toEqual([{ pairs: 'all' }]);
    expect(ledger.state.answersOf(B, C)).toHaveLength(1);
    expect(ledger.state.answersOf(A, C)).toEqual([]);
  });

  it('between two answers is taken in by the second, whether it is whole, torn or an editor’s', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by: 'ada' });
    const say = (n: number) => ledger.answer({ a: image(n), b: image(n + 1), relation: 'same' });
    await say(1);
    appendFileSync(ledgerFile(folder), answerLine('bob-1', image(10), image(11)));
    await say(2);
    expect(ledger.state.has('bob-1')).toBe(true);
    appendFileSync(ledgerFile(folder), '{"v":1,"id":"to');
    await say(3);
    expect(ledger.problems).toHaveLength(1);
    // Saved anew by an editor, under the same name and of the same length.
    const text = readLedger(folder);
    writeFileSync(path.join(folder, 'new'), text.replace('bob-1', 'eve-1'));
    renameSync(path.join(folder, 'new'), ledgerFile(folder));
    await say(4);
    expect([ledger.state.has('bob-1'), ledger.state.has('eve-1')]).toEqual([false, true]);
    const { state, problems } = await Ledger.open(folder, { by: 'ada' });
    expect([state.answers, problems.length]).toEqual([5, 1]);
    expect([...ledger.state.standing()]).toEqual([...state.standing()]);
  });

  it('a line beyond all bounds that has no end yet is never joined to an answer', async () => {
    const folder = temporaryFolder();
    writeLedger(folder, 'x'.repeat(16 << 20));
    const ledger = await Ledger.open(folder, { by: 'ada' });
    await ledger.answer({ a: image(1), b: image(2), relation: 'same' });
    expect(ledger.state.answers).toBe(1);
    expect((await Ledger.open(folder, { by: 'ada' })).state.answers).toBe(1);
    expect(readLedger(folder).split('\n')).toHaveLength(3);
  });

  it('a file that is gone gives an empty ledger, and the next answer makes it again', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'same' });
    rmSync(path.join(folder, '.margin'), { recursive: true });
    await ledger.refresh();
    expect(ledger.state.answers).toBe(0);
    expect(await ledger.answer({ a: A, b: C, relation: 'same' })).toMatchObject({ saved: true });
    expect((await Ledger.open(folder, { by })).state.answers).toBe(1);
  });

  it('two git branches give the union of their events', async () => {
    const folder = temporaryFolder();
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
        cwd: folder,
        stdio: 'pipe',
      });
    git('init', '-q', '-b', 'main');
    writeFileSync(path.join(folder, '.gitattributes'), '.margin/answers.jsonl merge=union\n');
    const at = async (who: string) => await Ledger.open(folder, { by: who });
    const commit = () => {
      git('add', '.');
      git('commit', '-q', '-m', 'answers');
    };
    const shared = await (await at('ada')).answer({ a: A, b: B, relation: 'same' });
    commit();
    git('checkout', '-q', '-b', 'bob');
    await (await at('bob')).answer({ a: B, b: C, relation: 'same' });
    await (await at('bob')).undo(shared.ids[0]);
    commit();
    git('checkout', '-q', 'main');
    await (await at('ada')).answer({ a: A, b: C, relation: 'different' });
    commit();
    git('merge', '-q', '-m', 'merge', 'bob');
    const { state, problems } = await at('ada');
    expect(problems).toEqual([]);
    expect(state.events).toBe(4);
    expect(
      [...state.standing()]
        .flat()
        .map(({ by: who, relation }) => `${who} ${relation}`)
        .sort(),
    ).toEqual(['ada different', 'bob same']);
  });
});

describe('a file that cannot be written', () => {
  it.skipIf(!canLock())(
    'because another program has locked it for everybody is said at once and tried again',
    async () => {
      const folder = temporaryFolder();
      const ledger = await Ledger.open(folder, { by, retryAfter: [50] });
      await ledger.answer({ a: A, b: B, relation: 'same' });
      execFileSync('chattr', ['+i', ledgerFile(folder)]);
      let freed: Promise<void>;
      try {
        const { saved } = await ledger.answer({ a: A, b: C, relation: 'different' });
        expect([saved, ledger.unsaved?.count, ledger.unsaved?.code]).toEqual([false, 1, 'read-only']);
        expect(ledger.state.answers).toBe(2);
        expect(readLedger(folder).trimEnd().split('\n')).toHaveLength(1);
        freed = new Promise(resolve => ledger.onChange(({ unsaved }) => unsaved ?? resolve()));
      } finally {
        execFileSync('chattr', ['-i', ledgerFile(folder)]);
      }
      await freed;
      expect(ledger.unsaved).toBeUndefined();
      expect((await Ledger.open(folder, { by })).state.answers).toBe(2);
    },
  );

  // A lock against reading would keep a plain opening waiting for 45 seconds, longer than a test may take.
  it.skipIf(!canLease()).each(['writing', 'reading'] as const)(
    'because another program holds it against %s is said at once, read as it was, and tried again',
    async against => {
      const folder = temporaryFolder();
      const ledger = await Ledger.open(folder, { by, retryAfter: [50] });
      const { ids } = await ledger.answer({ a: A, b: B, relation: 'same' });
      const lock = await lockFile(ledgerFile(folder), against);
      let freed: Promise<void>;
      try {
        const { saved } = await ledger.answer({ a: A, b: C, relation: 'different' });
        expect([saved, ledger.unsaved?.count, ledger.unsaved?.code]).toEqual([false, 1, 'locked']);
        await ledger.refresh();
        expect(ledger.state.answers).toBe(2);
        if (against === 'reading') {
          const locked = expect.objectContaining({ code: 'locked' }) as Error;
          await expect(Ledger.open(folder, { by })).rejects.toEqual(locked);
          await expect(ledger.event(ids[0])).rejects.toEqual(locked);
        }
        freed = new Promise(resolve => ledger.onChange(({ unsaved }) => unsaved ?? resolve()));
      } finally {
        await lock.release();
      }
      await freed;
      expect(ledger.unsaved).toBeUndefined();
      expect((await Ledger.open(folder, { by })).state.answers).toBe(2);
    },
    30_000,
  );

  it('keeps answers in memory, says so, and saves them once it can', async () => {
    const folder = temporaryFolder();
    // A folder in the file's place: what every user, root included, cannot write.
    mkdirSync(ledgerFile(folder), { recursive: true });
    await expect(Ledger.open(folder, { by })).rejects.toMatchObject({ code: 'unreadable' });
    rmSync(ledgerFile(folder), { recursive: true });
    const ledger = await Ledger.open(folder, { by, retryAfter: [20] });
    mkdirSync(ledgerFile(folder));
    const changes: LedgerChange[] = [];
    ledger.onChange(change => changes.push(change));
    expect(await ledger.answer({ a: A, b: B, relation: 'same' })).toMatchObject({ saved: false });
    expect(await ledger.answer({ a: A, b: C, relation: 'same' })).toMatchObject({ saved: false });
    expect(ledger.unsaved).toMatchObject({ count: 2, code: 'io' });
    expect(ledger.state.answers).toBe(2);
    expect(changes.at(-1)?.unsaved?.count).toBe(2);
    rmSync(ledgerFile(folder), { recursive: true });
    await expect.poll(() => ledger.unsaved, { interval: 10 }).toBeUndefined();
    expect(changes.at(-1)?.unsaved).toBeUndefined();
    expect(readLedger(folder).trimEnd().split('\n')).toHaveLength(2);
    expect((await Ledger.open(folder, { by })).state.answers).toBe(2);
  });

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('names a read-only folder', async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o555);
    const ledger = await Ledger.open(folder, { by });
    expect(await ledger.answer({ a: A, b: B, relation: 'same' })).toMatchObject({ saved: false });
    expect(ledger.unsaved?.code).toBe('read-only');
    chmodSync(folder, 0o755);
    expect(await ledger.close()).toBeUndefined();
  });

  it.skipIf(process.platform !== 'linux')('names a full disk', async () => {
    const folder = temporaryFolder();
    const ledger = await Ledger.open(folder, { by });
    mkdirSync(path.join(folder, '.margin'));
    execFileSync('ln', ['-s', '/dev/full', ledgerFile(folder)]);
    expect(await ledger.answer({ a: A, b: B, relation: 'same' })).toMatchObject({ saved: false });
    expect(ledger.unsaved?.code).toBe('disk-full');
    rmSync(ledgerFile(folder));
    expect(await ledger.close()).toBeUndefined();
    expect((await Ledger.open(folder, { by })).state.answers).toBe(1);
  });
});
