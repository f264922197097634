import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import path from 'node:path';
import { orderOf, type Question } from '../../src/core/order';
import { Random } from '../../src/core/random';
import { RelationGraph } from '../../src/core/relations';
import type { ImageHash } from '../../src/core/types';
import { Ledger } from '../../src/dataset/ledger';

const image = (name: string | number): ImageHash => `sha256:${createHash('sha256').update(String(name)).digest('hex')}`;

export interface LoadTimes {
  events: number;
  megabytes: number;
  /** from the file to everything that the ledger can say, seconds */
  load: number;
  /** processor seconds of it: what a loaded machine does not blur */
  loadCpu: number;
  /** reading the file's bytes and nothing else, in the same run */
  bareRead: number;
  /** relations of all standing answers, seconds */
  relations: number;
  relationsCpu: number;
}

/** Loads a ledger of `events` truthful answers (DESIGN.md's example line; classes of 20 images, half of the pairs within one). */
export async function benchLoad(folder: string, events: number, images: number): Promise<LoadTimes> {
  writeAnswers(folder, events, images);
  const file = path.join(folder, '.margin', 'answers.jsonl');
  const { seconds: bareRead } = await timed(async () => {
    const { createReadStream } = await import('node:fs');
    for await (const _ of createReadStream(file, { highWaterMark: 4 << 20 })) void _;
  });
  const { result: ledger, seconds: load, cpu: loadCpu } = await timed(() => Ledger.open(folder, { by: 'bench' }));
  if (ledger.state.events !== events) throw new Error(`read ${ledger.state.events} of ${events} events`);
  const { seconds: relations, cpu: relationsCpu } = await timed(async () => {
    const { state } = ledger;
    return RelationGraph.of(
      (function* () {
        for (const judgements of state.standing()) yield { a: judgements[0].a, b: judgements[0].b, judgements };
      })(),
    );
  });
  return { events, megabytes: statSync(file).size / 1e6, load, loadCpu, bareRead, relations, relationsCpu };
}

function writeAnswers(folder: string, events: number, images: number): void {
  const random = new Random(1);
  const hashes = Array.from({ length: images }, (_, i) => image(i));
  mkdirSync(path.join(folder, '.margin'), { recursive: true });
  const handle = openSync(path.join(folder, '.margin', 'answers.jsonl'), 'w');
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  try {
    for (let done = 0; done < events; done += 10_000) {
      let text = '';
      for (let i = done; i < Math.min(events, done + 10_000); i++) {
        const a = random.below(images);
        const within = random.below(2) === 0;
        const b = within
          ? a - (a % 20) + ((a + 1 + random.below(19)) % 20)
          : (a + 20 + random.below(images - 39)) % images;
        const relation = Math.floor(a / 20) === Math.floor(b / 20) ? 'same' : 'different';
        let id = '01J';
        for (let k = 0; k < 23; k++) id += digits[random.below(32)];
        text +=
          `{"v":1,"id":"${id}","at":"${new Date(1.76e12 + i * 977).toISOString()}","by":"ada@example.org",` +
          `"kind":"answer","a":"${hashes[a]}","b":"${hashes[b]}","relation":"${relation}",` +
          `"paths":["cats/${a}.jpg","cats/${b}.jpg"],` +
          `"why":{"lane":"hard-negatives","model":"starter","distance":0.31,"margin":0.2,"rank":4},"ms":842}\n`;
      }
      writeSync(handle, text);
    }
  } finally {
    closeSync(handle);
  }
}

export interface AppendTimes {
  answers: number;
  /** milliseconds of processor time, on average */
  cpu: number;
  /** milliseconds: half and 99 of 100 are faster */
  median: number;
  p99: number;
  /** a bare write and fsync of as many bytes, alternating with the answers */
  bareMedian: number;
  bareP99: number;
}

/** Time from an answer to its acknowledgement, beside a bare write and fsync to the same disk. */
export async function benchAppend(folder: string, answers: number): Promise<AppendTimes> {
  const ledger = await Ledger.open(folder, { by: 'bench' });
  const bare = openSync(path.join(folder, 'bare.jsonl'), 'a');
  const line = Buffer.alloc(400, 'x');
  const ours: number[] = [];
  const theirs: number[] = [];
  const cpuBefore = process.cpuUsage();
  try {
    for (let i = 0; i < answers; i++) {
      const paths: [string, string] = [`cats/${i}.jpg`, `cats/${i + 1}.jpg`];
      const why = { lane: 'hard-negatives', model: 'starter', distance: 0.31, margin: 0.2, rank: i };
      const images = { a: image(`${i} a`), b: image(`${i} b`) };
      const started = performance.now();
      const { saved } = await ledger.answer({ ...images, relation: 'same', paths, why, ms: 842 });
      ours.push(performance.now() - started);
      if (!saved) throw new Error(ledger.unsaved?.reason);
      const bareStarted = performance.now();
      writeSync(bare, line);
      fsyncSync(bare);
      theirs.push(performance.now() - bareStarted);
    }
  } finally {
    closeSync(bare);
    rmSync(path.join(folder, 'bare.jsonl'));
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  return {
    answers,
    cpu: (user + system) / 1000 / answers,
    median: at(ours, 0.5),
    p99: at(ours, 0.99),
    bareMedian: at(theirs, 0.5),
    bareP99: at(theirs, 0.99),
  };
}

export interface OrderTimes {
  candidates: number;
  images: number;
  /** building the order from nothing, milliseconds */
  build: number;
  /** one answer: relations, refresh, the next ten questions; milliseconds of processor time, on average */
  cpu: number;
  /** the same by the clock */
  median: number;
  p99: number;
  worst: number;
  /** images of the largest component at the end */
  largest: number;
}

/** A session over many candidates: truthful answers, so that components grow to whole classes. */
export function benchOrder(candidates: number, images: number, classes: number, answers: number): OrderTimes {
  const random = new Random(1);
  const hashes = Array.from({ length: images }, (_, i) => image(i));
  const classOf = new Map(hashes.map((hash, i) => [hash, i % classes]));
  const questions: Question[] = Array.from({ length: candidates }, () => {
    const a = random.below(images);
    const b = (a + 1 + random.below(images - 1)) % images;
    return { images: [hashes[a], hashes[b]], violation: random.next(), uncertainty: random.next() };
  });
  const graph = new RelationGraph();
  const isKnown = (a: ImageHash, b: ImageHash) => graph.known(a, b) !== undefined;
  const isOpen = (i: number) => !isKnown(questions[i].images[0], questions[i].images[1]);
  const started = performance.now();
  const order = orderOf(questions, { isKnown, isOpen, sizeOf: hash => graph.sizeOf(hash) }, { seed: 1 });
  const build = performance.now() - started;
  const times: number[] = [];
  const cpuBefore = process.cpuUsage();
  for (let i = 0; i < answers; i++) {
    const [question] = order.next(1);
    if (question === undefined) break;
    const [a, b] = questions[question].images;
    const relation = classOf.get(a) === classOf.get(b) ? 'same' : 'different';
    const before = performance.now();
    order.shown(question);
    order.update(graph.set(a, b, [{ id: String(i), relation }]), hash => graph.membersOf(hash));
    order.next(10);
    times.push(performance.now() - before);
  }
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / 1000 / times.length;
  const { largest } = graph.counts();
  return { candidates, images, build, cpu, median: at(times, 0.5), p99: at(times, 0.99), worst: at(times, 1), largest };
}

function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((x, y) => x - y);
  return sorted[Math.floor((sorted.length - 1) * share)];
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number; cpu: number }> {
  const started = performance.now();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { result, seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}
