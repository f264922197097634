import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ImageHash, Relation } from '../../../src/core/types';
import {
  exportManifest,
  type ExportRequest,
  type ExportResult,
  type ImageRef,
  openManifest,
  planImport,
} from '../../../src/manifest';
import { DATA } from './folder';

/** An export of the shared data with ordinary choices. */
export function exported(
  choice: Partial<ExportRequest> & Pick<ExportRequest, 'folder' | 'out'>,
): Promise<ExportResult> {
  return exportManifest({
    data: DATA,
    shape: 'pairs',
    format: 'jsonl',
    from: ['answers', 'implied', 'mined'],
    seed: 7,
    split: [],
    ...choice,
  });
}

/** Every file under a folder, with forward slashes, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

export const bytesUnder = (folder: string): Map<string, Buffer> =>
  new Map(filesUnder(folder).map(name => [name, readFileSync(path.join(folder, name))]));

/** What importing every manifest of an export into an empty ledger would add. */
export async function imported(
  result: ExportResult,
  format: string,
  images: readonly ImageRef[],
  folder: string,
): Promise<Map<string, Relation>> {
  const answers = new Map<string, Relation>();
  for (const file of result.files.filter(one => one.rows > 0)) {
    const opened = await openManifest(file.path);
    if (opened.format !== format) throw new Error(`${file.path} was taken for ${opened.format}`);
    const standing = (a: ImageHash, b: ImageHash): { relation: Relation; source: 'answer' } | undefined => {
      const relation = answers.get(`${a} ${b}`);
      return relation && { relation, source: 'answer' };
    };
    const plan = await planImport({ rows: opened.rows, images, folder, file: file.path, format, standing });
    if (plan.missingRows > 0) throw new Error(`images were not found: ${JSON.stringify(plan.missing)}`);
    if (plan.conflicts.length > 0) throw new Error('a conflict in an export of our own');
    for (const { a, b, relation } of plan.answers) answers.set(`${a} ${b}`, relation);
  }
  return answers;
}
