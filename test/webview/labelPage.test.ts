import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RpcError } from '../../src/rpc/rpc';
import type { ContradictionAnswer, PairItem } from '../../src/rpc/engine-protocol';
import { LABELLING } from '../host/support/labelling';
import { hash, pair, ScriptedEngine, triplet } from '../host/support/scriptedEngine';
import { CHROMIUM, LabelPageHost } from './support/labelPage';

const host = new LabelPageHost();

function range(n: number): number[] {
  return [...Array(n).keys()];
}

function current(page: Page): Promise<string | null> {
  return page.locator('[data-item]').getAttribute('data-item');
}

async function shows(page: Page, item: string): Promise<void> {
  await page.locator(`[data-item="${item}"][aria-busy="false"]`).waitFor({ timeout: 30_000 });
}

describe.skipIf(CHROMIUM === undefined)('the Label page, in a browser', () => {
  beforeAll(() => host.start());
  afterAll(() => host.stop());

  test('shows a triplet from bytes, and holds the pictures of nine items and no more', async () => {
    const engine = new ScriptedEngine(range(20).map(triplet));
    const { page, complaints } = await host.open(engine);
    await page.locator('figure img').nth(2).waitFor();
    expect(
      await page.locator('figure img').evaluateAll(images => images.map(image => image.getAttribute('alt'))),
    ).toEqual(['Anchor: cats/0a.jpg', 'Positive: cats/0p.jpg', 'Negative: dogs/0n.jpg']);
    expect(await page.locator('figure img').first().getAttribute('src')).toMatch(/^blob:/);
    await expect.poll(() => engine.calls.filter(call => call === 'thumbnail').length).toBe(27);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('every key of a triplet is its verdict', async () => {
    const engine = new ScriptedEngine(range(8).map(triplet));
    const { page } = await host.open(engine);
    for (const [index, key] of ['y', 'p', 'n', 'b', 'u', ' '].entries()) {
      await shows(page, `triplet-${String(index)}`);
      await page.keyboard.press(key === ' ' ? 'Space' : key);
    }
    await shows(page, 'triplet-6');
    expect(engine.ledger.map(event => event.verdict)).toEqual([
      'good',
      'positive-wrong',
      'negative-same',
      'both-wrong',
      'incomparable',
      'incomparable',
    ]);
    await page.close();
  });

  test('every key of a pair is its relation, and undo walks back', async () => {
    const engine = new ScriptedEngine(range(6).map(pair));
    const { page } = await host.open(engine);
    for (const [index, key] of ['s', 'd', 'u'].entries()) {
      await shows(page, `pair-${String(index)}`);
      await page.keyboard.press(key);
    }
    await shows(page, 'pair-3');
    expect(engine.ledger.map(event => event.verdict)).toEqual(['same', 'different', 'incomparable']);
    await page.keyboard.press('z');
    await shows(page, 'pair-2');
    await page.keyboard.press('Backspace');
    await shows(page, 'pair-1');
    expect(engine.ledger.map(event => event.verdict)).toEqual(['same']);
    await page.close();
  });

  test('the next item is painted at once, and takes no key before the answer is on disk', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    let open!: () => void;
    engine.gate = new Promise(resolve => (open = resolve));
    await page.keyboard.press('s');
    await page.locator('[data-item="pair-1"][aria-busy="true"]').waitFor();
    await page.keyboard.press('d');
    await page.keyboard.press('d');
    expect(engine.ledger).toEqual([]);
    open();
    await shows(page, 'pair-1');
    expect(engine.ledger.map(event => event.itemId)).toEqual(['pair-0']);
    await page.close();
  });

  test('a key held down counts once', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.keyboard.down('s');
    // The next question is there and would take a key: each of these is a repeat of the one that is held.
    await shows(page, 'pair-1');
    for (let repeat = 0; repeat < 5; repeat++) await page.keyboard.down('s');
    await page.keyboard.up('s');
    // A key pressed after them is answered after them, so that none can still be on its way.
    await page.keyboard.press('d');
    await shows(page, 'pair-2');
    expect(engine.ledger.map(({ itemId, verdict }) => [itemId, verdict])).toEqual([
      ['pair-0', 'same'],
      ['pair-1', 'different'],
    ]);
    await page.close();
  });

  test('a failed answer keeps the item, says so, and the second press uses the same token', async () => {
    const engine = new ScriptedEngine(range(3).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    engine.failures.set('answer', new RpcError('engine-down', 'The engine stopped.'));
    await page.keyboard.press('s');
    await page.getByRole('alert').filter({ hasText: 'The engine stopped.' }).waitFor();
    expect(await current(page)).toBe('pair-0');
    await page.keyboard.press('s');
    await shows(page, 'pair-1');
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.close();
  });

  test('the opinion of the model is hidden until the answer', async () => {
    const engine = new ScriptedEngine(range(3).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    expect(await page.getByText('0.250').count()).toBe(0);
    await page.keyboard.press('s');
    await shows(page, 'pair-1');
    expect(await page.locator('.last').innerText()).toContain('distance 0.250');
    await page.close();
  });

  test('arrow keys go through what was said, and a new verdict there replaces the old one', async () => {
    const engine = new ScriptedEngine(range(5).map(pair));
    const { page } = await host.open(engine);
    for (const [index, key] of ['s', 's'].entries()) {
      await shows(page, `pair-${String(index)}`);
      await page.keyboard.press(key);
    }
    await shows(page, 'pair-2');
    await page.keyboard.press('ArrowLeft');
    await shows(page, 'pair-1');
    await page.keyboard.press('ArrowLeft');
    await shows(page, 'pair-0');
    expect(await page.locator('.question').innerText()).toContain('Same');
    expect(await page.locator('vscode-button[aria-pressed="true"]').innerText()).toContain('Same');
    await page.keyboard.press('d');
    await shows(page, 'pair-2');
    expect(engine.ledger.map(({ itemId, verdict }) => [itemId, verdict])).toEqual([
      ['pair-1', 'same'],
      ['pair-0', 'different'],
    ]);
    await page.keyboard.press('ArrowRight');
    await shows(page, 'pair-3');
    await page.keyboard.press('Escape');
    await shows(page, 'pair-2');
    await page.close();
  });

  test('flip shows the pictures in one place, and the way of looking survives a reload', async () => {
    const engine = new ScriptedEngine(range(3).map(triplet));
    const { page } = await host.open(engine);
    await shows(page, 'triplet-0');
    const visible = async () =>
      (
        await page.locator('figure:visible img').evaluateAll(images => images.map(image => image.getAttribute('alt')!))
      ).map(alt => alt.split(':')[0]);
    await page.locator('figure img').nth(2).waitFor();
    await page.keyboard.press('f');
    await expect.poll(visible).toEqual(['Anchor']);
    await page.keyboard.press('f');
    await expect.poll(visible).toEqual(['Positive']);
    await page.keyboard.press('f');
    await page.keyboard.press('f');
    await expect.poll(visible).toEqual(['Anchor']);
    await page.reload();
    await shows(page, 'triplet-0');
    await expect.poll(visible).toEqual(['Anchor']);
    await page.keyboard.press('Escape');
    await expect.poll(visible).toEqual(['Anchor', 'Positive', 'Negative']);
    await page.close();
  });

  test('x and a number flag one picture', async () => {
    const engine = new ScriptedEngine(range(3).map(triplet));
    const { page } = await host.open(engine);
    await shows(page, 'triplet-0');
    await page.keyboard.press('2'); // means nothing before x
    await page.keyboard.press('x');
    await page.getByRole('button', { name: 'Flag Positive as unusable' }).waitFor();
    await page.keyboard.press('2');
    await shows(page, 'triplet-1');
    expect(engine.calls).toContain('flag');
    await page.close();
  });

  test('the help takes the keyboard and gives it back', async () => {
    const engine = new ScriptedEngine(range(3).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('s'); // not an answer under the help
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(engine.ledger).toEqual([]);
    await page.keyboard.press('s');
    await shows(page, 'pair-1');
    await page.close();
  });

  test('buttons answer for the mouse, and leave the keys alone', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.getByRole('button', { name: 'Different' }).click();
    await shows(page, 'pair-1');
    await page.keyboard.press('Space'); // can't tell, not the button again
    await shows(page, 'pair-2');
    expect(engine.ledger.map(event => event.verdict)).toEqual(['different', 'incomparable']);
    await page.close();
  });

  test('a reload in the middle loses and repeats nothing', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.keyboard.press('s');
    await page.reload();
    await shows(page, 'pair-1');
    expect(engine.ledger.map(event => event.itemId)).toEqual(['pair-0']);
    await page.close();
  });

  test('when the lane is done, it says so and what to do next', async () => {
    const engine = new ScriptedEngine([pair(0)]);
    const { page, ran } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.keyboard.press('s');
    await page.getByRole('heading', { name: 'All done' }).waitFor();
    await page.keyboard.press('s'); // nothing to answer: nothing happens
    await page.getByRole('button', { name: 'Export Manifest…' }).click();
    await expect.poll(() => ran).toEqual(['exportManifest']);
    await page.keyboard.press('z');
    await shows(page, 'pair-0');
    await page.close();
  });

  test.each([
    [{ kind: 'no-folder' } as const, 'Open Folder', 'openFolder'],
    [{ kind: 'untrusted' } as const, 'Manage Workspace Trust', 'trustFolder'],
  ])('%o has a button that helps', async (place, name, command) => {
    const { page, ran } = await host.open(new ScriptedEngine([]), { place: () => Promise.resolve(place) });
    await page.getByRole('button', { name }).click();
    await expect.poll(() => ran).toEqual([command]);
    await page.close();
  });

  test('work under way shows how far it is and can be cancelled', async () => {
    const engine = new ScriptedEngine(range(2).map(pair));
    const { page, jobs, ran } = await host.open(engine);
    await shows(page, 'pair-0');
    void jobs.run('Mine Hard Triplets', (_, report) => {
      report({ stage: 'embed', done: 3, total: 10 });
      return new Promise(() => undefined);
    });
    const bar = page.getByRole('progressbar', { name: 'Mine Hard Triplets' });
    await bar.waitFor();
    expect(await bar.getAttribute('value')).toBe('3');
    await page.keyboard.press('s'); // judging goes on beside it
    await shows(page, 'pair-1');
    await page.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => ran).toEqual(['cancel']);
    await page.close();
  });

  test('pictures stand as large as the room allows', async () => {
    const { page } = await host.open(new ScriptedEngine(range(2).map(triplet)), {}, { width: 240, height: 720 });
    await shows(page, 'triplet-0');
    const boxes = async () =>
      page.locator('.frame').evaluateAll(frames =>
        frames.map(frame => {
          const { left, top } = frame.getBoundingClientRect();
          return { left: Math.round(left), top: Math.round(top) };
        }),
      );
    const stacked = await boxes();
    expect(new Set(stacked.map(({ left }) => left)).size).toBe(1);
    await page.setViewportSize({ width: 600, height: 720 });
    const beside = await boxes();
    expect(beside[1]!.top).toBe(beside[2]!.top);
    expect(beside[1]!.left).toBeLessThan(beside[2]!.left);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(600);
    await page.close();
  });

  const three: ContradictionAnswer[] = ['different', 'same', 'same'].map((relation, n) => ({
    id: `answer-${String(n)}`,
    a: { hash: hash(100 + n), path: `cats/${String(n)}.jpg`, class: 'cats' },
    b: { hash: hash(100 + ((n + 1) % 3)), path: `cats/${String((n + 1) % 3)}.jpg`, class: 'cats' },
    relation: relation as 'same',
    by: n === 2 ? 'bob' : 'ada',
    at: '2026-11-22T10:00:00.000Z',
    missing: false,
    probability: [0.6, 0.3, 0.1][n]!,
    proposed: n === 0,
    flipTo: relation === 'same' ? 'different' : 'same',
    mine: n !== 2,
  }));

  test('a contradiction is shown with its images, and one key corrects its likeliest wrong answer', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    engine.beside.contradiction = { images: 3, answers: three, more: 1 };
    const { page, complaints } = await host.open(engine);
    await page.locator('.question').filter({ hasText: '3 answers contradict each other · 1 more' }).waitFor();
    await page.locator('#stage figure img').nth(1).waitFor();
    await expect.poll(() => page.locator('.suspect img').count()).toBe(6);
    const rows = page.locator('.suspect');
    expect(await rows.evaluateAll(all => all.map(row => row.getAttribute('aria-current')))).toEqual([
      'true',
      'false',
      'false',
    ]);
    expect(await rows.nth(2).innerText()).toContain('bob');
    for (const key of ['s', 'd', 'x', 'ArrowRight']) await page.keyboard.press(key); // nothing is judged meanwhile
    await page.keyboard.press('c');
    await shows(page, 'pair-0');
    expect(engine.acts).toEqual([{ a: three[0]!.a.hash, b: three[0]!.b.hash, relation: 'same' }]);
    expect(engine.ledger).toEqual([]);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('any answer of a contradiction can be chosen, by key or by mouse, and is read aloud', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    engine.beside.contradiction = { images: 3, answers: three, more: 0 };
    const { page } = await host.open(engine);
    const stage = (id: string) => page.locator(`[data-item="answer ${id}"]`).waitFor();
    await stage('answer-0');
    await page.keyboard.press('ArrowDown');
    await stage('answer-1');
    await expect.poll(() => page.locator('.announcements').innerText()).toContain('30 % likely wrong');
    await page.keyboard.press('3');
    await stage('answer-2');
    await page.keyboard.press('ArrowUp');
    await stage('answer-1');
    await page.locator('.suspect').nth(0).click();
    await stage('answer-0');
    await page.keyboard.press('2');
    await page.getByRole('button', { name: 'Really different' }).click();
    await shows(page, 'pair-0');
    expect(engine.acts).toEqual([{ a: three[1]!.a.hash, b: three[1]!.b.hash, relation: 'different' }]);
    await page.close();
  });

  test('a contradiction can be left for later, and a slow disk does not take a second key', async () => {
    const engine = new ScriptedEngine(range(4).map(pair));
    engine.beside.contradiction = { images: 3, answers: three, more: 0 };
    const { page } = await host.open(engine);
    await page.locator('.suspect').first().waitFor();
    await page.keyboard.press('l');
    await shows(page, 'pair-0');
    expect(engine.acts).toEqual([{ later: 'contradiction' }]);
    engine.beside.contradiction = { images: 3, answers: three, more: 0 };
    await page.keyboard.press('s');
    await page.locator('.suspect').first().waitFor();
    let open!: () => void;
    engine.gate = new Promise(resolve => (open = resolve));
    await page.keyboard.press('u');
    await page.locator('[aria-busy="true"]').waitFor();
    await page.keyboard.press('c');
    open();
    await shows(page, 'pair-1');
    expect(engine.acts.at(-1)).toMatchObject({ relation: 'incomparable' });
    expect(engine.acts).toHaveLength(2);
    await page.close();
  });

  test('where people differ, who said what is hidden until the answer, as is what the model thinks', async () => {
    const asked = pair(0) as PairItem;
    delete asked.distance;
    const said = [
      { by: 'ada@example.org', relation: 'same' as const, mine: true },
      { by: 'bob@example.org', relation: 'different' as const, mine: false },
    ];
    const items: PairItem[] = range(3).map(n => ({ ...asked, id: `pair-${String(n)}`, lane: 'disagreements', said }));
    const engine = new ScriptedEngine(items);
    const { page, complaints } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.locator('.question').filter({ hasText: 'People differ: same or different?' }).waitFor();
    expect(await page.locator('#page').innerText()).not.toContain('bob');
    await expect.poll(() => page.locator('.announcements').innerText()).toContain('Pair on which people differ');
    await page.keyboard.press('d');
    await shows(page, 'pair-1');
    const last = page.locator('.last').filter({ hasText: 'Different · you: Same · bob: Different' });
    await last.waitFor();
    expect(await last.getAttribute('title')).toBe('you: Same · bob@example.org: Different');
    const heard = 'Answered: Different · you: Same · bob@example.org: Different';
    await expect.poll(() => page.locator('.announcements').innerText()).toContain(heard);
    await page.keyboard.press('ArrowLeft');
    await page.locator('.question.answered').filter({ hasText: 'bob: Different' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('u');
    await shows(page, 'pair-2');
    await page.keyboard.press('s');
    await page.getByText('People no longer differ about any pair here.').waitFor();
    expect(engine.ledger.map(({ verdict }) => verdict)).toEqual(['different', 'incomparable', 'same']);
    expect(complaints).toEqual([]);
    await page.close();

    const open = new ScriptedEngine(items);
    const revealed = await host.open(open, { place: () => Promise.resolve({ ...LABELLING, revealOpinion: true }) });
    await revealed.page.locator('.stage .opinion').filter({ hasText: 'bob: Different' }).waitFor();
    await revealed.page.close();
  });

  test('of two images it marks the one whose class is in doubt, for eyes and ears, in the narrowest panel too', async () => {
    const items: PairItem[] = (['b', 'a'] as const).map((suspect, n) => ({
      ...(pair(n) as PairItem),
      lane: 'label-errors',
      suspect,
      reason: 'dogs/0.jpg: 9 of its 10 nearest images are “cats”, 1 is “dogs”',
    }));
    const { page, complaints } = await host.open(new ScriptedEngine(items), {}, { width: 240, height: 480 });
    await shows(page, 'pair-0');
    const mark = page.locator('figure .suspect');
    expect(await mark.count()).toBe(1);
    expect(await page.locator('figure.role-1 .suspect').innerText()).toBe('Class in doubt');
    expect((await mark.boundingBox())!.width).toBeGreaterThan(10);
    // Beside the name, and not over it.
    expect((await page.locator('figure.role-1 .file').boundingBox())!.width).toBeGreaterThan(10);
    await expect.poll(() => page.locator('.announcements').innerText()).toContain('Second 0.jpg (Class in doubt)');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(240);
    await page.keyboard.press('d');
    await shows(page, 'pair-1');
    expect(await page.locator('figure.role-0 .suspect').count()).toBe(1);
    expect(await mark.count()).toBe(1);
    expect(await page.locator('.last').innerText()).toContain('dogs/0.jpg: 9 of its 10 nearest images');
    await page.setViewportSize({ width: 600, height: 720 });
    expect(await mark.innerText()).toBe('Class in doubt');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('a change of classes is offered beside the question, made by one key, and no obstacle', async () => {
    const offer = {
      a: { hash: hash(1), path: 'pets/cats/1.jpg', class: 'pets/cats' },
      b: { hash: hash(2), path: 'wild/lynx/2.jpg', class: 'wild/lynx' },
      choices: [
        { kind: 'relabel' as const, images: 1, from: 'wild/lynx', to: 'pets/cats' },
        { kind: 'merge' as const, images: 12, from: 'wild/lynx', to: 'pets/cats' },
      ],
    };
    const engine = new ScriptedEngine(range(6).map(pair));
    engine.beside.offer = { ...offer };
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    await page.locator('.offer > span').filter({ hasText: '“cats” and “lynx”: one class?' }).waitFor();
    await page.getByRole('button', { name: 'To “cats” (1 image)' }).waitFor();
    await page.keyboard.press('s'); // the question is as live as ever
    await shows(page, 'pair-1');
    await page.keyboard.press('m');
    await page.locator('.offer').waitFor({ state: 'detached' });
    expect(engine.acts).toEqual([{ kind: 'merge' }]);
    await page.keyboard.press('m'); // means nothing where nothing is offered
    engine.beside.offer = { ...offer };
    await page.keyboard.press('s');
    await page.locator('.offer').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.offer').waitFor({ state: 'detached' });
    expect(engine.acts).toEqual([{ kind: 'merge' }, { later: 'offer' }]);
    await page.close();
  });

  test('says quietly how long the rest takes, what was saved, and when little is left to learn', async () => {
    const engine = new ScriptedEngine(range(6).map(pair));
    engine.beside.timeLeft = { seconds: 750, low: 400, high: 1100 };
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    expect(await page.locator('.counts').innerText()).toContain('6 left · 15 min');
    expect(await page.locator('.counts').getAttribute('title')).toContain('7 min to 20 min');
    expect(await page.locator('.hint').count()).toBe(0);
    engine.beside.chanceOfChange = 0.12;
    await page.keyboard.press('s');
    await page.getByText('a 12 % chance that 100 more answers change anything').waitFor();
    await page.close();
  });

  test('what waits for the disk, and what waits on another screen, is said at once', async () => {
    const engine = new ScriptedEngine(range(6).map(pair));
    const { page } = await host.open(engine);
    await shows(page, 'pair-0');
    engine.beside.unsaved = { count: 2, reason: 'no space left to write answers.jsonl' };
    await page.keyboard.press('s');
    const alert = page.getByRole('alert').filter({ hasText: 'Your last 2 steps are not on disk yet.' });
    await alert.waitFor();
    delete engine.beside.unsaved;
    await page.keyboard.press('s');
    await alert.waitFor({ state: 'detached' });
    await page.close();

    const done = new ScriptedEngine([]);
    done.beside.elsewhere = 'bob@example.org';
    const other = await host.open(done);
    await other.page.getByText('on another screen now (bob@example.org)').waitFor();
    await other.page.close();
  });
});
