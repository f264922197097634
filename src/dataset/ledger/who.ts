import os from 'node:os';
import { git } from './git';

/**
 * Who judges: git's user in this folder (their address, else their name), else the name of the system's user.
 * Never throws: an answer without git is an answer.
 */
export async function whoJudges(folder: string): Promise<string> {
  for (const key of ['user.email', 'user.name']) {
    const value = (await git(folder, ['config', '--get', key]))?.trim();
    if (value) return value;
  }
  try {
    return os.userInfo().username || 'unknown';
  } catch {
    return 'unknown';
  }
}
