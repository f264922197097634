import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setImmediate as yieldToEvents, setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { Random } from '../../../src/core/random';
import { Ledger } from '../../../src/dataset/ledger';

export interface KillReport {
  kills: number;
  /** acts that a process was told are saved */
  acknowledged: number;
  /** acts that were begun, and whose process died before it was told */
  cutShort: number;
  /** acts sent again after a crash */
  sentAgain: number;
  events: number;
  /** lines that a kill tore */
  tornLines: number;
  lost: string[];
  doubled: string[];
}

export interface KillOptions {
  seed?: number;
  /** ends the run after the kill under way; what was seen until then is reported */
  signal?: AbortSignal;
  onProgress?: (kills: number) => void;
}

/**
 * Two processes answer into one ledger; one after the other is killed (SIGKILL) at a random moment and started again.
 * After every kill the ledger is read on; in the end it is read anew, and every acknowledged act must be in it once.
 */
export async function killRepeatedly(
  kills: number,
  { seed = 1, signal, onProgress = () => undefined }: KillOptions = {},
): Promise<KillReport> {
  const root = mkdtempSync(path.join(os.tmpdir(), 'margin-kill-'));
  try {
    const worker = path.join(root, 'worker.cjs');
    await build({
      entryPoints: [path.join(import.meta.dirname, 'kill-worker.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: worker,
      logLevel: 'error',
    });
    const folder = path.join(root, 'images');
    mkdirSync(folder);
    const acknowledged = new Set<string>();
    const begun = new Set<string>();
    const watcher = await Ledger.open(folder, { by: 'watcher' });
    const report: KillReport = {
      kills: 0,
      acknowledged: 0,
      cutShort: 0,
      sentAgain: 0,
      events: 0,
      tornLines: 0,
      lost: [],
      doubled: [],
    };

    const life = async (person: string, random: Random) => {
      let again: string[] = [];
      while (report.kills < kills && !signal?.aborted) {
        report.kills++;
        report.sentAgain += again.length;
        const lines = await oneLife([worker, folder, `${person}-${report.kills}`, ...again], random);
        const saved = lines.filter(line => line.startsWith('saved ')).map(line => line.slice(6));
        const tried = lines.filter(line => line.startsWith('try ')).map(line => line.slice(4));
        for (const token of tried) begun.add(token);
        for (const token of saved) acknowledged.add(token);
        again = [...new Set([...again, ...tried])].filter(token => !acknowledged.has(token));
        await watcher.refresh();
        for (const token of saved) if (!watcher.state.has(token)) report.lost.push(token);
        onProgress(report.kills);
      }
    };
    await Promise.all([life('ada', new Random(seed)), life('bob', new Random(seed + 1))]);

    const { state, problems } = await Ledger.open(folder, { by: 'reader' });
    const ids = new Map<string, number>();
    for (const line of readFileSync(watcher.file, 'utf8').split('\n')) {
      const id = /^\{"v":1,"id":"([^"]+)"/.exec(line)?.[1];
      if (id !== undefined && line.endsWith('}')) ids.set(id, (ids.get(id) ?? 0) + 1);
    }
    for (const token of acknowledged) {
      const expected = Number(token.split('-').at(-1)) % 2 === 1 ? [token, `${token}~2`] : [token];
      if (!expected.every(id => state.has(id))) report.lost.push(token);
    }
    report.doubled = [...ids].filter(([, count]) => count > 1).map(([id]) => id);
    // Every act is about images of its own: a doubled answer would be a second one on its pair.
    for (const answers of state.standing()) if (answers.length > 1) report.doubled.push(answers[0].id);
    report.acknowledged = acknowledged.size;
    report.cutShort = begun.size - acknowledged.size + report.sentAgain;
    report.events = state.events;
    report.tornLines = problems.length;
    return report;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Starts one process, kills it, and returns what it had said. */
async function oneLife(args: readonly string[], random: Random): Promise<string[]> {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let enough: () => void = () => undefined;
  // `ready`, then two lines an act. By lines and not by the clock: a process that gets little of a busy machine's
  // processor would always die before its first answer.
  const wanted = 1 + random.below(12);
  const answering = new Promise<void>(resolve => (enough = resolve));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
    if (output.split('\n').length > wanted) enough();
  });
  const gone = new Promise<void>(resolve => child.once('close', () => resolve()));
  // One in ten dies while it starts or reads; the others at any point of one of their first few answers.
  if (random.below(10) === 0) await sleep(random.below(60));
  else {
    await Promise.race([answering, gone]);
    const until = performance.now() + random.next() * 3;
    while (performance.now() < until) await yieldToEvents();
  }
  child.kill('SIGKILL');
  await gone;
  return output.split('\n').slice(0, -1);
}
