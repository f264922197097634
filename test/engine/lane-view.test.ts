import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import type { ImageHash, Relation } from '../../src/core/types';
import { Ledger } from '../../src/dataset/ledger';
import { Knowledge } from '../../src/engine/knowledge';
import { LaneView } from '../../src/engine/lane-view';
import { candidateId, type StoredCandidate, type StoredLane, type StoredPair } from '../../src/engine/lanes';

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
    const settledAs = (_a: ImageHash, _b: ImageHash, known?: Relation) => known;
    const view = new LaneView(lane, { knowledge, isThere: () => true, groupOf: hash => hash, settledAs }, 1);
    ledger.onChange(change => view.update(knowledge.update(change)!));
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

it('after any answers, undos, flags and files that go is what it would be built anew', async () => {
  const images = Array.from({ length: 14 }, (_, i) => image(`p${i}`));
  const asked: StoredCandidate[] = [];
  for (let i = 0; i < 60; i++) {
    const [a, b, c] = [i % 14, (i * 5 + 1) % 14, (i * 3 + 2) % 14].map(n => images[n]);
    if (new Set([a, b, c]).size < 3) continue;
    const score = 1;
    if (i % 2 === 0) asked.push({ kind: 'pair', id: candidateId('pair', [a, b]), a, b, distance: i / 60, score });
    else {
      const id = candidateId('triplet', [a, b, c]);
      const [positiveDistance, negativeDistance] = [i / 60, 0.5];
      asked.push({
        kind: 'triplet',
        id,
        anchor: a,
        positive: b,
        negative: c,
        positiveDistance,
        negativeDistance,
        score,
      });
    }
  }
  const stored: StoredLane = { ...lane, candidates: asked };
  const step = fc.record({
    a: fc.nat(13),
    b: fc.nat(13),
    by: fc.constantFrom('ada', 'bob'),
    relation: fc.constantFrom<Relation>('same', 'same', 'same', 'different', 'different', 'incomparable'),
    what: fc.nat(11),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async steps => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-view-'));
      made.push(folder);
      const ledger = await Ledger.open(folder, { by: 'ada' });
      const knowledge = new Knowledge(ledger);
      const gone = new Set<ImageHash>();
      const context = (of: Knowledge) => ({
        knowledge: of,
        isThere: (hash: ImageHash) => !gone.has(hash),
        groupOf: (hash: ImageHash) => hash,
        settledAs: (_a: ImageHash, _b: ImageHash, known?: Relation) => known,
      });
      const view = new LaneView(stored, context(knowledge), 1);
      ledger.onChange(change => view.update(knowledge.update(change)!));
      for (const { a, b, by, relation, what } of steps) {
        if (what === 0) await ledger.undo(undefined, { by });
        else if (what === 1) {
          await ledger.flag(images[a]);
          view.refresh([images[a]]);
        } else if (what === 2) {
          if (!gone.delete(images[a])) gone.add(images[a]);
          view.refresh('all');
        } else if (a !== b) await ledger.answer({ a: images[a], b: images[b], relation }, { by });
      }
      // A flag that an undo took back is told by whoever undoes.
      if (steps.some(({ what }) => what === 1)) view.refresh('all');
      const anew = new LaneView(stored, context(new Knowledge(ledger)), 1);
      expect(view.order.open).toBe(anew.order.open);
      expect(view.implied).toBe(anew.implied);
      expect(view.next(99)).toEqual(anew.next(99));
      for (const candidate of asked) expect(view.isOpen(candidate.id)).toBe(view.next(99).includes(candidate));
    }),
    { numRuns: 40 },
  );
});
