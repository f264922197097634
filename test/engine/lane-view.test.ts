import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { ImageHash } from '../../src/core/types';
import { Ledger } from '../../src/dataset/ledger';
import { Knowledge } from '../../src/engine/knowledge';
import { LaneView } from '../../src/engine/lane-view';
import { candidateId, type StoredLane, type StoredPair } from '../../src/engine/lanes';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

const image = (name: string): ImageHash => `sha256:${createHash('sha256').update(name).digest('hex')}`;

/** Pairs of images that no other pair holds, at distances from 0.01 to 2. */
const candidates = Array.from({ length: 200 }, (_, i): StoredPair => {
  const [a, b] = [image(`a${i}`), image(`b${i}`)];
  return { kind: 'pair', id: candidateId('pair', [a, b]), a, b, distance: (i + 1) / 100, score: 1 };
});
const lane: StoredLane = {
  version: 1,
  lane: 'uncertain-pairs',
  model: 'starter',
  metric: 'l2',
  margin: 1.8,
  seed: 1,
  minedAt: '2026-11-22T10:00:00.000Z',
  report: {} as StoredLane['report'],
  vectors: { key: 'starter', dimension: 1 },
  candidates,
};

it('asks where the answers, and no longer the margin, say that the model is unsure, and the same after a restart', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-view-'));
  made.push(folder);
  const viewOf = (ledger: Ledger) => {
    const knowledge = new Knowledge(ledger);
    const { known: settledAs } = knowledge;
    const view = new LaneView(lane, { knowledge, isThere: () => true, groupOf: hash => hash, settledAs }, 1);
    ledger.onChange(change => view.refresh(knowledge.update(change).images));
    return view;
  };
  const ledger = await Ledger.open(folder, { by: 'ada' });
  const view = viewOf(ledger);
  const next = () => (view.next(1)[0] as StoredPair).distance;
  expect(next()).toBeCloseTo(1.8, 1);
  // What lies nearer than 0.6 is the same, all else is not: the model's margin is far off.
  for (let i = 0; i < 49; i++) {
    const { a, b, distance } = candidates[(i * 37) % 200];
    await ledger.answer({ a, b, relation: distance < 0.6 ? 'same' : 'different' });
  }
  expect(next()).toBeGreaterThan(1.7);
  const { a, b } = candidates[(49 * 37) % 200];
  await ledger.answer({ a, b, relation: 'different' });
  expect(next()).toBeGreaterThan(0.4);
  expect(next()).toBeLessThan(0.8);
  const asked = view.next(20).map(({ id }) => id);
  expect(
    viewOf(await Ledger.open(folder, { by: 'ada' }))
      .next(20)
      .map(({ id }) => id),
  ).toEqual(asked);

  await ledger.undo();
  expect(next()).toBeGreaterThan(1.7);
});
