import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { things } from '../../scripts/sample-images/things.mjs';
import { dataSet, remove, samples, subset } from './support/folders';
import { KEYS, ledgerOf, pairOf, standing } from './support/ledger';
import type { MarginWindow } from './support/margin';
import { inSteps, openMargin, openPanel, useWindows } from './support/margin';
import type { Shown } from './support/panel';

useWindows();

const set = dataSet('clothing-dev');

describe('an engine that is killed', () => {
  inSteps();
  let folder: string;
  let margin: MarginWindow;
  let now: Shown;
  const judged: Shown[] = [];

  const kill = () => {
    const engines = margin.engines();
    expect(engines).toHaveLength(1);
    process.kill(engines[0]!, 'SIGKILL');
  };
  const answer = async () => {
    judged.push(now);
    now = await margin.panel.press(KEYS.good);
  };
  /** Every item that was judged is on disk once, and none was asked twice. */
  const nothingLostOrRepeated = () => {
    const answers = ledgerOf(folder).filter(event => event.kind === 'answer');
    expect(answers).toHaveLength(2 * judged.length);
    const pairs = judged.flatMap(({ paths: [anchor, positive, negative] }) => [
      [pairOf(anchor!, positive!), 'same'],
      [pairOf(anchor!, negative!), 'different'],
    ]);
    expect(standing(answers)).toEqual(new Map(pairs as [string, 'same' | 'different'][]));
    expect(new Set(judged.map(item => item.id)).size).toBe(judged.length);
    expect(judged.map(item => item.id)).not.toContain(now.id);
  };

  beforeAll(async () => {
    folder = set
      ? subset(set, ['t-shirt', 'pants', 'shoes', 'dress', 'hat'], 140)
      : subset(samples, Object.keys(things), 25);
    margin = await openMargin(folder);
  });
  afterAll(async () => {
    await (margin as MarginWindow | undefined)?.close();
    remove(folder);
  });

  it('in the middle of embedding takes the work up again and finishes', async () => {
    const { workbench, panel } = margin;
    await openPanel(margin);
    await Promise.all([
      panel.message.filter({ hasText: /(Decoding|Embedding) images · [1-9]/ }).waitFor({ timeout: 60_000 }),
      workbench.command('Margin: Mine Hard Triplets'),
    ]);
    kill();
    now = await panel.shown(120_000);
    expect(margin.log()).toMatch(/"mine" is taken up again/);
    await answer();
    nothingLostOrRepeated();
  });

  it('between two answers is not even noticed', async () => {
    await answer();
    kill();
    await answer();
    await answer();
    nothingLostOrRepeated();
  });

  it('the third time within minutes is given up with a way to start it again', async () => {
    const { panel } = margin;
    // An engine that stands still when it is killed cannot have written the answer: it is pending, and fails.
    const [engine] = margin.engines();
    process.kill(engine!, 'SIGSTOP');
    judged.push(now);
    await panel.stage.press(KEYS.good);
    await panel.frame.locator('#stage[aria-busy="true"]').waitFor();
    kill();
    await panel.frame
      .getByText(/engine stopped 3 times/)
      .first()
      .waitFor({ timeout: 60_000 });
    // What the panel advises then must work: the key once more, which starts the engine again.
    await panel.stage.press(KEYS.good);
    await panel.frame
      .locator(`#stage[data-item]:not([data-item="${now.id}"])[aria-busy="false"]`)
      .waitFor({ timeout: 60_000 });
    now = await panel.shown();
    nothingLostOrRepeated();
  });
});
