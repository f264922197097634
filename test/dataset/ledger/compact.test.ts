import { appendFileSync, linkSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compact, Ledger } from '../../../src/dataset/ledger';
import { answerLine, image, ledgerFile, readLedger, temporaryFolder, writeLedger } from './helpers';

const [A, B, C, D] = [image('a'), image('b'), image('c'), image('d')];
const by = 'ada@example.org';

const told = ({ state }: Ledger) => ({
  standing: [...state.standing()],
  flagged: state.flagged(),
  classes: state.reclassed(),
  history: state.history(A, B, by),
  last: state.lastOf(by),
});

describe('compaction', () => {
  it('drops what says nothing, keeps the rest byte for byte, and leaves the old file beside it', async () => {
    const folder = temporaryFolder();
    writeLedger(
      folder,
      `{"torn\n${answerLine('1', A, B)}${answerLine('1', A, B)}{"v":1,"id":"k","kind":"remark", "x":"ü"}\n` +
        `{"v":1,"id":"late","at":"2026-11-22T10:00:00.000Z","by":"bob","kind":"undo","of":"not here yet"}\n`,
    );
    const ledger = await Ledger.open(folder, { by });
    await ledger.answer({ a: A, b: B, relation: 'different', repeat: true });
    await ledger.reclass([A, C], 'cats');
    await ledger.answer({ a: B, b: C, relation: 'same' });
    await ledger.undo();
    await ledger.flag(D);
    const before = { told: told(ledger), text: readLedger(folder) };
    const result = await compact(ledger);
    expect(readFileSync(result.backup, 'utf8')).toBe(before.text);
    expect(result).toMatchObject({ linesBefore: 11, linesAfter: 7, bytesBefore: Buffer.byteLength(before.text) });
    expect(statSync(ledger.file).size).toBe(result.bytesAfter);
    const lines = before.text.split('\n');
    expect(readLedger(folder)).toBe([1, 3, 4, 5, 6, 7, 10].map(i => `${lines[i]}\n`).join(''));
    expect(told(ledger)).toEqual(before.told);
    expect(told(await Ledger.open(folder, { by }))).toEqual(before.told);
    await ledger.undo();
    expect(ledger.state.flagged().size).toBe(0);
    await compact(ledger);
    expect((await compact(ledger)).linesAfter).toBe(6);
  });

  it('loses nothing that others answer meanwhile', async () => {
    const folder = temporaryFolder();
    const [ledger, other] = [await Ledger.open(folder, { by }), await Ledger.open(folder, { by: 'bob' })];
    for (let i = 0; i < 20; i++) await ledger.answer({ a: image(i), b: image(i + 1000), relation: 'same' });
    let compacting = true;
    const answering = (async () => {
      let n = 0;
      for (; compacting; n++) {
        expect((await other.answer({ a: image(`x${n}`), b: A, relation: 'same' })).saved).toBe(true);
      }
      return n;
    })();
    for (let i = 0; i < 10; i++) await compact(ledger);
    compacting = false;
    const n = await answering;
    const { state, problems } = await Ledger.open(folder, { by });
    expect(problems).toEqual([]);
    expect(state.answers).toBe(20 + n);
  });

  it('that was cut short after the files changed places is finished by the next opening', async () => {
    const folder = temporaryFolder();
    const file = ledgerFile(folder);
    writeLedger(folder, answerLine('1', A, B) + answerLine('2', A, C));
    const copied = statSync(file).size;
    // What `compact` does, up to the rename; then another process's answer reaches the old file, then the crash.
    linkSync(file, `${file}.old.bak`);
    writeFileSync(`${file}.compacting`, JSON.stringify({ backup: 'answers.jsonl.old.bak', copied }));
    writeFileSync(`${file}.tmp`, readFileSync(file));
    renameSync(`${file}.tmp`, file);
    appendFileSync(`${file}.old.bak`, answerLine('3', B, D));
    expect((await Ledger.open(folder, { by })).state.answers).toBe(3);
    expect(readLedger(folder).split('\n')).toHaveLength(4);
    expect((await Ledger.open(folder, { by })).state.answers).toBe(3);
    expect(readLedger(folder).split('\n')).toHaveLength(4);
  });

  it('is refused while answers wait', async () => {
    const ledger = await Ledger.open(`${temporaryFolder()}/gone`, { by });
    expect((await ledger.answer({ a: A, b: B, relation: 'same' })).saved).toBe(false);
    expect(ledger.unsaved).toMatchObject({ code: 'io', reason: expect.stringContaining('is gone') as string });
    await expect(compact(ledger)).rejects.toThrow('first save');
    await ledger.close();
  });
});
