import * as vscode from 'vscode';
import type { Folders } from './folders';
import type { Place } from './label/labelController';
import { Settings } from './settings';

/** Where the panel works, as the window stands now. */
export async function placeOf(folders: Folders): Promise<Place> {
  const folder = folders.current();
  if (!folder) return { kind: 'no-folder' };
  if (!vscode.workspace.isTrusted) return { kind: 'untrusted' };
  const settings = new Settings(folder);
  return {
    kind: 'folder',
    ref: { folder: folder.fsPath, settings: settings.engine },
    // A folder that went away in the middle was not "never used": the engine knows what was shown, or says what is wrong.
    used: (await folders.isUsed(folder)) || !(await folders.isThere(folder)),
    revealOpinion: settings.revealOpinion,
    thumbnailSize: settings.thumbnailSize,
  };
}
