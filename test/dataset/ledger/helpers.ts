import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { ImageHash } from '../../../src/core/types';

/** The identity of a made-up image. */
export function image(name: string | number): ImageHash {
  return `sha256:${createHash('sha256').update(String(name)).digest('hex')}`;
}

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder of its own, gone after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-ledger-'));
  made.push(folder);
  return folder;
}

export function ledgerFile(folder: string): string {
  return path.join(folder, '.margin', 'answers.jsonl');
}

export function writeLedger(folder: string, content: string | Buffer): void {
  mkdirSync(path.join(folder, '.margin'), { recursive: true });
  writeFileSync(ledgerFile(folder), content);
}

export function readLedger(folder: string): string {
  return readFileSync(ledgerFile(folder), 'utf8');
}

/** One answer event as a line of the file. */
export function answerLine(id: string, a: ImageHash, b: ImageHash, more: Record<string, unknown> = {}): string {
  const event = {
    v: 1,
    id,
    at: '2026-11-22T10:00:00.000Z',
    by: 'ada@example.org',
    kind: 'answer',
    a,
    b,
    relation: 'same',
    paths: ['cats/1.jpg', 'cats/7.jpg'],
    why: { lane: 'hard-negatives', model: 'starter', distance: 0.31, margin: 0.2, rank: 4 },
    ms: 842,
    ...more,
  };
  return `${JSON.stringify(event)}\n`;
}
