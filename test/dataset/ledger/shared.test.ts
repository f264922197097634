import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { addUnionMerge, Leases, Ledger, lostImages, unionMerge, whoJudges } from '../../../src/dataset/ledger';
import { answerLine, image, temporaryFolder, writeLedger } from './helpers';

const git = (folder: string, ...args: string[]) => execFileSync('git', args, { cwd: folder, stdio: 'pipe' });

describe('who judges', () => {
  it("is git's user of the folder, by address and else by name", async () => {
    const folder = temporaryFolder();
    git(folder, 'init', '-q');
    git(folder, 'config', 'user.email', '');
    git(folder, 'config', 'user.name', 'Ada Ü');
    expect(await whoJudges(folder)).toBe('Ada Ü');
    git(folder, 'config', 'user.email', 'ada@example.org');
    expect(await whoJudges(folder)).toBe('ada@example.org');
    expect((await Ledger.open(folder)).by).toBe('ada@example.org');
  });

  it('is somebody in a folder that is not there', async () => {
    expect(await whoJudges(path.join(temporaryFolder(), 'gone'))).not.toBe('');
  });
});

describe('the union merge', () => {
  it('is asked of git, and set in a file of our own', async () => {
    const folder = temporaryFolder();
    expect(await unionMerge(folder)).toBe('no-git');
    git(folder, 'init', '-q');
    expect(await unionMerge(folder)).toBe('unset');
    mkdirSync(path.join(folder, '.margin'));
    const file = path.join(folder, '.margin', '.gitattributes');
    writeFileSync(file, '*.bin binary');
    await addUnionMerge(folder);
    await addUnionMerge(folder);
    expect(await unionMerge(folder)).toBe('set');
    expect(readFileSync(file, 'utf8')).toBe('*.bin binary\nanswers.jsonl merge=union text eol=lf\n');
  });
});

describe('leases', () => {
  it('keep two people off one question until it is answered or left', async () => {
    const folder = temporaryFolder();
    const [ada, bob] = [new Leases(folder, { by: 'ada' }), new Leases(folder, { by: 'bob' })];
    expect(await ada.take(['q1', 'q2'])).toEqual(new Set(['q1', 'q2']));
    expect(await bob.take(['q1', 'q3'])).toEqual(new Set(['q3']));
    expect(await bob.heldBy('q1')).toBe('ada');
    expect(await ada.heldBy('q1')).toBeUndefined();
    expect(await ada.take(['q1'])).toEqual(new Set(['q1']));
    expect(await ada.keep(['q2'])).toEqual(new Set(['q2']));
    expect(await bob.take(['q1', 'q2'])).toEqual(new Set(['q1']));
    await ada.release();
    expect(await bob.take(['q2'])).toEqual(new Set(['q2']));
    await bob.release(['q2']);
    expect(readdirSync(ada.folder)).toHaveLength(2);
  });

  it('run out, so that a crash blocks nobody for long', async () => {
    const folder = temporaryFolder();
    let now = Date.now();
    const options = { ttl: 1000, now: () => now };
    const [ada, bob] = [new Leases(folder, { by: 'ada', ...options }), new Leases(folder, { by: 'bob', ...options })];
    await ada.take(['q']);
    now += 900;
    await ada.take(['q']);
    now += 900;
    expect(await bob.take(['q'])).toEqual(new Set());
    now += 200;
    expect(await bob.heldBy('q')).toBeUndefined();
    expect(await bob.take(['q'])).toEqual(new Set(['q']));
    expect(await ada.take(['q'])).toEqual(new Set());
    await ada.release();
    expect(await ada.heldBy('q')).toBe('bob');
    now += 5000;
    await ada.sweep();
    expect(readdirSync(ada.folder)).toEqual([]);
  });

  it('go to one of many who ask at once, also for a lease that ran out', async () => {
    const folder = temporaryFolder();
    let now = Date.now();
    const options = { ttl: 1000, now: () => now };
    const people = Array.from({ length: 8 }, (_, i) => new Leases(folder, { by: `p${i}`, ...options }));
    for (let round = 0; round < 10; round++) {
      const taken = await Promise.all(people.map(person => person.take(['q'])));
      expect(taken.filter(free => free.has('q'))).toHaveLength(1);
      now += 2000;
    }
  });

  it('are no obstacle where they cannot be written', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, '.margin'), 'a file in the way');
    expect(await new Leases(folder, { by: 'ada' }).take(['q'])).toEqual(new Set(['q']));
  });

  it('do not bring a folder back that went away', async () => {
    const folder = path.join(temporaryFolder(), 'gone');
    expect(await new Leases(folder, { by: 'ada' }).take(['q'])).toEqual(new Set(['q']));
    expect(existsSync(folder)).toBe(false);
  });
});

describe('lost images', () => {
  it('are those edited or deleted, not those moved', async () => {
    const folder = temporaryFolder();
    const [edited, moved, deleted, flagged] = ['e', 'm', 'd', 'f'].map(image);
    writeLedger(
      folder,
      answerLine('1', edited, moved, { paths: ['old/e.jpg', 'm.jpg'] }) +
        answerLine('2', deleted, edited, { paths: ['d.jpg', 'e.jpg'], at: '2026-11-23T10:00:00.000Z' }) +
        `{"v":1,"id":"3","at":"2026-11-22T10:00:00.000Z","by":"b","kind":"flag","image":"${flagged}","flag":"unusable"}\n`,
    );
    const ledger = await Ledger.open(folder, { by: 'ada' });
    const now = image('e, edited');
    const present = new Map([
      ['e.jpg', now],
      ['elsewhere/m2.jpg', moved],
    ]);
    expect(await lostImages(ledger, present)).toEqual([
      { image: edited, answers: 2, path: 'e.jpg', now },
      { image: deleted, answers: 1, path: 'd.jpg' },
      { image: flagged, answers: 0 },
    ]);
  });
});
