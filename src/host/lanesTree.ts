import * as vscode from 'vscode';
import { commands, contextKeys, views } from '../contributions';
import type { LaneState } from '../rpc/engine-protocol';
import type { Engine } from './engineClient';
import type { Folders } from './folders';
import { folderRef } from './margin';
import { count, laneLeft, laneTitle } from './words';

/** The Lanes view: what was mined in the current folder and where people differ, and how much of it is left to judge. */
export class LanesTree implements vscode.TreeDataProvider<LaneState>, vscode.Disposable {
  readonly #engine: Engine;
  readonly #folders: Folders;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(engine: Engine, folders: Folders, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#folders = folders;
    this.#log = log;
  }

  register(): vscode.Disposable {
    return vscode.window.createTreeView(views.lanes, { treeDataProvider: this });
  }

  refresh(): void {
    this.#changed.fire();
  }

  async getChildren(lane?: LaneState): Promise<LaneState[]> {
    if (lane) return [];
    const lanes = await this.#lanes();
    void vscode.commands.executeCommand('setContext', contextKeys.hasLane, lanes.length > 0);
    return lanes;
  }

  getTreeItem(lane: LaneState): vscode.TreeItem {
    const item = new vscode.TreeItem(laneTitle(lane.lane));
    item.id = lane.lane;
    item.description = laneLeft(lane);
    const isMined = lane.lane !== 'disagreements';
    item.contextValue = isMined ? 'lane' : 'disagreements'; // which nothing mines again
    item.iconPath = new vscode.ThemeIcon(lane.remaining === 0 ? 'pass' : isMined ? 'layers' : 'organization');
    item.tooltip = [
      `${laneTitle(lane.lane)}: ${laneLeft(lane)}`,
      vscode.l10n.t('{0} settled', count(lane.settled)),
      ...(isMined
        ? [
            vscode.l10n.t('Model {0}, distance {1}, margin {2}', lane.model, lane.metric, lane.margin),
            vscode.l10n.t('Mined {0}', new Date(lane.minedAt).toLocaleString(vscode.env.language)),
          ]
        : [vscode.l10n.t('Pairs of which people say different things')]),
    ].join('\n');
    item.command = { command: commands.openLane, title: vscode.l10n.t('Label'), arguments: [lane] };
    item.accessibilityInformation = { label: `${laneTitle(lane.lane)}, ${laneLeft(lane)}` };
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #lanes(): Promise<LaneState[]> {
    const folder = this.#folders.current();
    if (!vscode.workspace.isTrusted || !folder || !(await this.#folders.isUsed(folder))) return [];
    try {
      return await this.#engine.call('lanes', folderRef(folder));
    } catch (error) {
      // The panel says what is wrong; a tree has no room for it.
      this.#log.error(`the lanes could not be listed: ${String(error)}`);
      return [];
    }
  }
}
