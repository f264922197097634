import path from 'node:path';
import * as vscode from 'vscode';
import { views } from '../../contributions';
import type { Relation } from '../../core/types';
import type { AnswerRow } from '../../rpc/engine-protocol';
import type { Engine } from '../engineClient';
import type { Folders } from '../folders';
import { folderRef } from '../margin';
import { count } from '../words';
import { contradictionChildren, suspectNode } from './nodes';
import type { Group, Node } from './nodes';

const t = vscode.l10n.t;

/** Answers listed at once, and suspects in all: nobody reads further in a tree. */
const PAGE = 100;
const SUSPECTS = 50;
/** Letters of a file's name in a row. */
const SHORT = 14;

/** The Answers view: what may be wrong first (contradictions, suspects, disagreements), then flagged images and every answer. */
export class AnswersTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #engine: Engine;
  readonly #folders: Folders;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeTreeData = this.#changed.event;
  #view: vscode.TreeView<Node> | undefined;
  #contradictions: Node | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, folders: Folders, log: vscode.LogOutputChannel) {
    this.#engine = engine;
    this.#folders = folders;
    this.#log = log;
  }

  register(): vscode.Disposable {
    this.#view = vscode.window.createTreeView(views.answers, { treeDataProvider: this });
    return this.#view;
  }

  /** Answers come by the second while one judges: the tree follows when there is a pause. */
  refresh(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#changed.fire(), 500);
  }

  /** Opens the view at the contradictions. */
  async showContradictions(): Promise<void> {
    await vscode.commands.executeCommand(`${views.answers}.focus`);
    if (this.#contradictions) await this.#view?.reveal(this.#contradictions, { expand: 2, focus: true });
    else void vscode.window.showInformationMessage(t('No answers contradict each other.'));
  }

  getParent(node: Node): Node | undefined {
    return node.kind === 'contradiction' ? this.#contradictions : undefined;
  }

  async getChildren(node?: Node): Promise<Node[]> {
    try {
      if (!node) return await this.#roots();
      if (node.kind === 'group') return node.group === 'all' ? await this.#page(0) : node.children;
      if (node.kind === 'contradiction')
        return contradictionChildren(node.row, p => t('{0} % likely the wrong one', Math.round(p * 100)));
      if (node.kind === 'more') return await this.#page(node.from);
      return [];
    } catch (error) {
      // The panel says what is wrong; a tree has no room for it.
      this.#log.error(`the answers could not be listed: ${String(error)}`);
      return [];
    }
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case 'group':
        return this.#groupItem(node);
      case 'contradiction': {
        const item = new vscode.TreeItem(
          t('{0} images', node.row.images.length),
          vscode.TreeItemCollapsibleState.Expanded,
        );
        item.description = node.row.images.map(image => shortName(image.path)).join(', ');
        item.tooltip = node.row.images.map(image => image.path).join('\n');
        item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
        return item;
      }
      case 'answer':
        return this.#answerItem(node);
      case 'flagged': {
        const { row } = node;
        const item = new vscode.TreeItem(path.posix.basename(row.image.path) || t('(no longer in the folder)'));
        item.id = `flag ${row.id}`;
        item.description = t('{0} · {1}', row.flag, row.by);
        item.tooltip = row.image.path;
        item.iconPath = new vscode.ThemeIcon('circle-slash');
        item.contextValue = 'flagged';
        const folder = this.#folders.current();
        if (folder && row.image.path) {
          item.resourceUri = vscode.Uri.joinPath(folder, row.image.path);
          item.command = { command: 'vscode.open', title: t('Open'), arguments: [item.resourceUri] };
        }
        return item;
      }
      case 'more': {
        const item = new vscode.TreeItem(t('Earlier answers'), vscode.TreeItemCollapsibleState.Collapsed);
        item.id = `more ${node.from}`;
        return item;
      }
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#changed.dispose();
  }

  #groupItem({ group, total }: Extract<Node, { kind: 'group' }>): vscode.TreeItem {
    const open =
      group === 'contradictions' ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.Collapsed;
    const { title, icon } = groupWords(group);
    const item = new vscode.TreeItem(title, open);
    item.id = group;
    item.description = count(total);
    item.iconPath = new vscode.ThemeIcon(icon);
    item.contextValue = `group.${group}`; // nothing that an answer or a flag can do
    return item;
  }

  #answerItem({ row, note, key, flipTo }: Extract<Node, { kind: 'answer' }>): vscode.TreeItem {
    const [a, b] = [row.a, row.b].map(image => shortName(image.path) || t('(gone)'));
    const item = new vscode.TreeItem(`${a} – ${b}`);
    item.id = key;
    const settled = row.settled && t('settled since');
    item.description = [relationWord(row.relation), note, settled].filter(Boolean).join(' · ');
    item.iconPath = new vscode.ThemeIcon(relationIcon(row.relation));
    item.contextValue = flipTo ? 'answer.flippable' : 'answer';
    item.tooltip = tooltipOf(row);
    const folder = this.#folders.current();
    if (folder && !row.missing) {
      const [left, right] = [row.a, row.b].map(image => vscode.Uri.joinPath(folder, image.path));
      item.command = { command: 'vscode.diff', title: t('Compare'), arguments: [left, right, `${a} – ${b}`] };
    }
    const words = [relationWord(row.relation), note, settled].filter(Boolean).join(', ');
    item.accessibilityInformation = { label: `${a}, ${b}, ${words}` };
    return item;
  }

  async #roots(): Promise<Node[]> {
    this.#contradictions = undefined;
    const folder = this.#folders.current();
    if (!vscode.workspace.isTrusted || !folder || !(await this.#folders.isUsed(folder))) return [];
    const ref = folderRef(folder);
    const all = await this.#engine.call('answers', { ...ref, offset: 0, count: 0 });
    const flagged = await this.#engine.call('flagged', ref);
    if (all.total === 0 && flagged.length === 0) return [];
    const [contradictions, suspects, disagreements] = await Promise.all([
      this.#engine.call('contradictions', ref),
      this.#engine.call('suspects', { ...ref, count: SUSPECTS }),
      this.#engine.call('disagreements', ref),
    ]);
    const groups: Extract<Node, { kind: 'group' }>[] = [
      group(
        'contradictions',
        contradictions.map(row => ({ kind: 'contradiction', row })),
      ),
      group('suspects', suspects.map(suspectNode)),
      group(
        'disagreements',
        disagreements.flatMap(rows =>
          rows.map((row): Node => ({ kind: 'answer', key: `differ ${row.id}`, row, note: row.by })),
        ),
      ),
      group(
        'flagged',
        flagged.map(row => ({ kind: 'flagged', row })),
      ),
      { kind: 'group', group: 'all', total: all.total, children: [] },
    ];
    const shown = groups.filter(({ total }) => total > 0);
    this.#contradictions = shown.find(node => node.group === 'contradictions');
    return shown;
  }

  async #page(from: number): Promise<Node[]> {
    const folder = this.#folders.current();
    if (!folder) return [];
    const { total, rows } = await this.#engine.call('answers', { ...folderRef(folder), offset: from, count: PAGE });
    const nodes: Node[] = rows.map(row => ({ kind: 'answer', key: row.id, row }));
    return from + rows.length < total ? [...nodes, { kind: 'more', from: from + rows.length }] : nodes;
  }
}

function group(name: Group, children: Node[]): Extract<Node, { kind: 'group' }> {
  return { kind: 'group', group: name, total: children.length, children };
}

/** A file's name, short enough for two to stand side by side: the ends of a long one say more than its beginning alone. */
function shortName(file: string): string {
  const { name } = path.posix.parse(file);
  return name.length <= SHORT ? name : `${name.slice(0, SHORT / 2)}…${name.slice(1 - SHORT / 2)}`;
}

function groupWords(name: Group): { title: string; icon: string } {
  switch (name) {
    case 'contradictions':
      return { title: t('Contradictions'), icon: 'warning' };
    case 'suspects':
      return { title: t('Suspects'), icon: 'question' };
    case 'disagreements':
      return { title: t('Disagreements'), icon: 'organization' };
    case 'flagged':
      return { title: t('Flagged Images'), icon: 'circle-slash' };
    case 'all':
      return { title: t('All Answers'), icon: 'history' };
  }
}

export function relationWord(relation: Relation): string {
  switch (relation) {
    case 'same':
      return t('same');
    case 'different':
      return t('different');
    case 'incomparable':
      return t("can't tell");
  }
}

function relationIcon(relation: Relation): string {
  return relation === 'same' ? 'check' : relation === 'different' ? 'close' : 'dash';
}

function tooltipOf({ a, b, relation, by, at, distance }: AnswerRow): string {
  return [
    a.path,
    b.path,
    t('{0}, said {1} on {2}', relationWord(relation), by, new Date(at).toLocaleString(vscode.env.language)),
    ...(distance === undefined ? [] : [t('Distance {0}', distance.toPrecision(3))]),
  ].join('\n');
}
