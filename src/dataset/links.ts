import fs from 'node:fs';
import path from 'node:path';
import { errnoOf, readReason } from './errors';

/** A folder of the scan: where it is listed, and where it really lies. */
export interface Folder {
  path: string;
  real: string;
}

export type LinkTarget =
  { kind: 'file' } | { kind: 'folder'; real: string } | { kind: 'special' } | { kind: 'broken'; reason: string };

/** What a symbolic link (or a Windows junction) leads to. */
export async function classifyLink(absolute: string): Promise<LinkTarget> {
  try {
    const stat = await fs.promises.stat(absolute);
    if (stat.isFile()) return { kind: 'file' };
    return stat.isDirectory() ? { kind: 'folder', real: await fs.promises.realpath(absolute) } : { kind: 'special' };
  } catch (error) {
    const nowhere = errnoOf(error) === 'ENOENT';
    return { kind: 'broken', reason: nowhere ? 'This link leads to nothing.' : readReason(error) };
  }
}

/** Remembers which folders outside the root were followed, so that a scan ends whatever links to what. */
export class FollowedLinks {
  readonly #followed = new Set<string>();

  constructor(readonly root: string) {}

  /** Why a link in folder `from` to the folder `target` is not followed, or undefined: then it counts as followed. */
  refuse(target: string, from: Folder): string | undefined {
    if (holds(target, this.root) || holds(target, from.real)) {
      return 'This link leads to a folder that it lies in; it is not followed.';
    }
    if (holds(this.root, target)) {
      const place = path.relative(this.root, target).replaceAll(path.sep, '/');
      return `This link leads to ${place}, whose images are listed there.`;
    }
    if (this.#followed.has(target)) return 'Another link to the same folder was followed already.';
    this.#followed.add(target);
    return undefined;
  }
}

/** Whether `inner` is `outer` or lies somewhere in it. */
function holds(outer: string, inner: string): boolean {
  const way = path.relative(outer, inner);
  return way === '' || (way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way));
}
