import { execFile } from 'node:child_process';
import os from 'node:os';

/**
 * Who judges: git's user in this folder (their address, else their name), else the name of the system's user.
 * Never throws: an answer without git is an answer.
 */
export async function whoJudges(folder: string): Promise<string> {
  for (const key of ['user.email', 'user.name']) {
    const value = await gitConfig(folder, key);
    if (value !== '') return value;
  }
  try {
    return os.userInfo().username || 'unknown';
  } catch {
    return 'unknown';
  }
}

function gitConfig(folder: string, key: string): Promise<string> {
  return new Promise(resolve => {
    execFile(
      'git',
      ['config', '--get', key],
      { cwd: folder, timeout: 3000, windowsHide: true, encoding: 'utf8' },
      (error, stdout) => {
        resolve(error === null ? stdout.trim() : '');
      },
    );
  });
}
