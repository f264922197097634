import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Random } from '../../src/core/random';
import { assetsBeside } from '../../src/engine/assets';
import { Engine } from '../../src/engine/engine';
import { candidateId, LaneStore, type StoredCandidate } from '../../src/engine/lanes';
import { Workspace } from '../../src/engine/workspace';
import { makeManyFiles } from './dataset';
import { SETTINGS } from '../support/settings';

export interface RefreshTimes {
  candidates: number;
  answers: number;
  /** images that are known to be the same before the first answer is timed */
  component: number;
  /** timed answers about one of them at least */
  touching: number;
  /** from the verdict to the next questions: written, synced, relations and order refreshed; milliseconds by the clock */
  median: number;
  p99: number;
  worst: number;
  /** of those that touch the component, and the share of them within 20 ms */
  touchingMedian: number;
  touchingP99: number;
  touchingWithin20: number;
  /** the answers after which the order learns anew where the model is unsure: the 50th, 100th, 200th and so on */
  learning: number[];
  learningCpu: number[];
  /** the same, milliseconds of processor time: on average, of one in a hundred, at worst */
  cpu: number;
  cpuP99: number;
  cpuWorst: number;
  /** only asking for the panel's next questions */
  windowMedian: number;
  windowP99: number;
  /** questions that followed from other answers in the end */
  implied: number;
}

const settings = { ...SETTINGS, by: 'bench@example.org' };

/**
 * The engine's own path: answers to a lane of many pairs of 20,000 images in 200 classes, half of them within a class.
 * @param component so many images are one class, and were all answered to be the same before
 */
export async function benchRefresh(candidates: number, answers: number, component = 1): Promise<RefreshTimes> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-bench-refresh-'));
  try {
    makeManyFiles(folder, 200, 100);
    const events = { log: () => undefined, changed: () => undefined, edited: () => undefined };
    const workspace = await Workspace.open(folder, settings, undefined, events);
    const { images } = await workspace.takeInventory(settings);
    await putLane(workspace.cache!, candidates, images);
    const big = new Set(images.slice(0, component).map(({ hash }) => hash));
    for (let i = 1; i < component; i += 1000) {
      const chain = images.slice(i - 1, Math.min(component, i + 1000));
      await workspace.ledger.append(
        chain.slice(1).map(({ hash }, k) => ({ kind: 'answer', a: chain[k].hash, b: hash, relation: 'same' })),
      );
    }
    await workspace.close();

    const engine = new Engine(assetsBeside(folder), events);
    const ref = { folder, settings };
    const classOf = new Map(images.map(({ hash, class: name }) => [hash, big.has(hash) ? 'big' : name]));
    let shown = await engine.window({ ...ref, lane: 'uncertain-pairs', count: 1 });
    const times: number[] = [];
    const touching: number[] = [];
    const learning: number[] = [];
    const learningCpu: number[] = [];
    const windows: number[] = [];
    const cpu: number[] = [];
    for (let i = 0; i < answers; i++) {
      const item = shown.items[0];
      if (item?.kind !== 'pair') break;
      const verdict = classOf.get(item.a.hash) === classOf.get(item.b.hash) ? 'same' : 'different';
      const before = process.cpuUsage();
      const started = performance.now();
      shown = await engine.answer({ ...ref, lane: item.lane, itemId: item.id, verdict, ms: 800, token: `t-${i}` });
      times.push(performance.now() - started);
      if (big.has(item.a.hash) || big.has(item.b.hash)) touching.push(times.at(-1)!);
      if (learns(i + 1)) learning.push(times.at(-1)!);
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1000);
      if (learns(i + 1)) learningCpu.push(cpu.at(-1)!);
      const asked = performance.now();
      await engine.window({ ...ref, lane: 'uncertain-pairs', count: 10 });
      windows.push(performance.now() - asked);
    }
    const { implied } = shown;
    await engine.dispose();
    return {
      candidates,
      answers: times.length,
      component,
      touching: touching.length,
      median: at(times, 0.5),
      p99: at(times, 0.99),
      worst: at(times, 1),
      touchingMedian: at(touching, 0.5),
      touchingP99: at(touching, 0.99),
      touchingWithin20: touching.filter(ms => ms <= 20).length / touching.length,
      learning,
      learningCpu,
      cpu: cpu.reduce((sum, ms) => sum + ms, 0) / times.length,
      cpuP99: at(cpu, 0.99),
      cpuWorst: at(cpu, 1),
      windowMedian: at(windows, 0.5),
      windowP99: at(windows, 0.99),
      implied,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function putLane(
  cache: string,
  count: number,
  images: readonly { hash: `sha256:${string}`; class: string | null }[],
): Promise<void> {
  const random = new Random(1);
  const byClass = new Map<string | null, number[]>();
  for (const [i, { class: name }] of images.entries()) byClass.set(name, [...(byClass.get(name) ?? []), i]);
  const pairs = new Map<string, StoredCandidate>();
  while (pairs.size < count) {
    const x = random.below(images.length);
    const mates = byClass.get(images[x].class)!;
    const y = random.below(2) === 0 ? mates[random.below(mates.length)] : random.below(images.length);
    if (x === y) continue;
    const [a, b] = [images[x].hash, images[y].hash].sort();
    const id = candidateId('pair', [a, b]);
    pairs.set(id, { kind: 'pair', id, a, b, distance: random.next(), score: 1 });
  }
  mkdirSync(cache, { recursive: true });
  const lanes = await LaneStore.open(cache);
  await lanes.put({
    version: 1,
    lane: 'uncertain-pairs',
    model: 'starter',
    metric: 'cosine',
    margin: 0.5,
    seed: 1,
    minedAt: new Date(0).toISOString(),
    report: {} as never,
    vectors: { key: 'none', dimension: 1 },
    candidates: [...pairs.values()],
  });
}

/** Whether the order learns from so many answers. */
function learns(answers: number): boolean {
  const doublings = Math.log2(answers / 50);
  return doublings >= 0 && Number.isInteger(doublings);
}

function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((x, y) => x - y);
  return sorted[Math.floor((sorted.length - 1) * share)];
}
