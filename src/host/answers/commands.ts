import { randomUUID } from 'node:crypto';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Relation } from '../../core/types';
import type { AnswerRow } from '../../rpc/engine-protocol';
import { folderRef } from '../margin';
import type { Margin } from '../margin';
import { showFailure } from '../messages';
import { relationWord } from './answersTree';
import type { Node } from './nodes';

const t = vscode.l10n.t;
const FOUND = 200;

/** Says the opposite of what an answer said, as a contradiction or a suspect proposes. */
export async function flipAnswer(margin: Margin, node: unknown): Promise<void> {
  const found = answerOf(node);
  if (found?.flipTo) await correct(margin, found.row, found.flipTo);
}

/** Asks what a pair really is. */
export async function correctAnswer(margin: Margin, node: unknown): Promise<void> {
  const row = answerOf(node)?.row;
  if (!row) return;
  const relations: Relation[] = ['same', 'different', 'incomparable'];
  const picked = await vscode.window.showQuickPick(
    relations.map(relation => ({
      label: relationWord(relation),
      relation,
      ...(relation === row.relation && { description: t('what was said') }),
    })),
    {
      title: t('Correct Answer'),
      placeHolder: `${path.posix.basename(row.a.path)} – ${path.posix.basename(row.b.path)}`,
    },
  );
  if (picked && picked.relation !== row.relation) await correct(margin, row, picked.relation);
}

/** Takes back one act: an answer, or the flag of an image. */
export async function undoAct(margin: Margin, node: unknown): Promise<void> {
  const id =
    answerOf(node)?.row.id ??
    ((node as Node | undefined)?.kind === 'flagged' ? (node as Extract<Node, { kind: 'flagged' }>).row.id : undefined);
  if (id !== undefined)
    await inFolder(margin, ref => margin.engine.call('undoAct', { ...ref, id, token: randomUUID() }));
}

/** Finds answers by path, class, relation or person while one types, and corrects the one that is picked. */
export async function searchAnswers(margin: Margin): Promise<void> {
  const folder = await margin.folders.pick();
  if (!folder) return;
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { row: AnswerRow }>();
  pick.title = t('Search Answers');
  pick.placeholder = t('Words of a path, a class, a relation or a person');
  let asked = 0;
  const look = async (query: string): Promise<void> => {
    const mine = ++asked;
    pick.busy = true;
    try {
      const { rows, total } = await margin.engine.call('answers', {
        ...folderRef(folder),
        query,
        offset: 0,
        count: FOUND,
      });
      if (mine !== asked) return;
      pick.items = rows.map(row => ({
        label: `${row.a.path} – ${row.b.path}`,
        description: relationWord(row.relation),
        detail: t('{0}, {1}', row.by, new Date(row.at).toLocaleString(vscode.env.language)),
        alwaysShow: true,
        row,
      }));
      pick.title =
        total > rows.length
          ? t('Search Answers: the latest {0} of {1}', rows.length, total)
          : t('Search Answers: {0}', total);
    } catch (error) {
      pick.hide();
      await showFailure(error, margin);
    } finally {
      if (mine === asked) pick.busy = false;
    }
  };
  pick.onDidChangeValue(value => void look(value));
  pick.onDidAccept(() => {
    const [chosen] = pick.selectedItems;
    pick.hide();
    if (chosen) void correctAnswer(margin, { kind: 'answer', key: chosen.row.id, row: chosen.row } satisfies Node);
  });
  pick.onDidHide(() => pick.dispose());
  pick.show();
  await look('');
}

async function correct(margin: Margin, { a, b }: AnswerRow, relation: Relation): Promise<void> {
  await inFolder(margin, ref =>
    margin.engine.call('correct', { ...ref, a: a.hash, b: b.hash, relation, token: randomUUID() }),
  );
}

async function inFolder(margin: Margin, act: (ref: ReturnType<typeof folderRef>) => Promise<unknown>): Promise<void> {
  const folder = margin.folders.current();
  if (!folder) return;
  try {
    await act(folderRef(folder));
    margin.label.refresh();
  } catch (error) {
    await showFailure(error, margin);
  }
}

function answerOf(node: unknown): Extract<Node, { kind: 'answer' }> | undefined {
  const found = node as Node | undefined;
  return found?.kind === 'answer' ? found : undefined;
}
