import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMissing, writeError } from './errors';
import { ensureMarginFolder } from './writer';

/** Both sides of a merge are kept, and Windows does not turn the newlines. */
const RULE = 'answers.jsonl merge=union text eol=lf';

export type UnionMerge =
  /** git merges two branches' answers by keeping both */
  | 'set'
  /** a merge of two branches' answers would be a conflict: `offerUnionMerge` helps */
  | 'unset'
  /** the folder lies in no repository, or there is no git */
  | 'no-git';

/** Whether git would keep both sides where two branches have answered, asked of git itself. */
export async function unionMerge(folder: string): Promise<UnionMerge> {
  const answer = await git(folder, ['check-attr', '-z', 'merge', '--', '.margin/answers.jsonl']);
  if (answer === undefined) return 'no-git';
  return answer.split('\0')[2] === 'union' ? 'set' : 'unset';
}

/**
 * Adds the rule to `.margin/.gitattributes`, which belongs to Margin: files that the person keeps are left alone.
 * @throws LedgerError where it cannot be written
 */
export async function addUnionMerge(folder: string): Promise<void> {
  const file = path.join(folder, '.margin', '.gitattributes');
  try {
    await ensureMarginFolder(folder);
    const before = await readFile(file, 'utf8').catch((error: unknown) => {
      if (!isMissing(error)) throw error;
      return '';
    });
    if (before.split(/\r?\n/).includes(RULE)) return;
    const gap = before === '' || before.endsWith('\n') ? '' : '\n';
    await writeFile(file, `${before}${gap}${RULE}\n`);
  } catch (error) {
    throw writeError(file, error);
  }
}

/** What git says, or undefined where it cannot be asked. */
export function git(folder: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    execFile('git', [...args], { cwd: folder, timeout: 3000, windowsHide: true, encoding: 'utf8' }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
