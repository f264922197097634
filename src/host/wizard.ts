import * as vscode from 'vscode';

/** One of the choices of a step. */
export interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}

export interface Question<T> {
  title: string;
  step: number;
  totalSteps: number;
  placeHolder: string;
  choices: readonly Choice<T>[];
  /** where one stands already: chosen again by Enter */
  chosen?: readonly T[];
  /** several may be ticked */
  many?: boolean;
  /** whether there is a step to go back to */
  back: boolean;
}

/** Asks one step of several. Resolves to what was picked, `back`, or undefined where the person leaves. */
export function ask<T>(question: Question<T>): Promise<T[] | 'back' | undefined> {
  const { title, step, totalSteps, placeHolder, choices, chosen = [], many = false, back } = question;
  const input = vscode.window.createQuickPick<Choice<T>>();
  input.title = title;
  input.step = step;
  input.totalSteps = totalSteps;
  input.placeholder = placeHolder;
  input.canSelectMany = many;
  input.matchOnDescription = true;
  input.ignoreFocusOut = true;
  input.items = choices;
  const before = choices.filter(({ value }) => chosen.includes(value));
  if (many) input.selectedItems = before;
  else if (before[0]) input.activeItems = [before[0]];
  if (back) input.buttons = [vscode.QuickInputButtons.Back];
  return new Promise(resolve => {
    input.onDidTriggerButton(() => {
      resolve('back');
      input.hide();
    });
    input.onDidAccept(() => {
      if (input.selectedItems.length === 0) return;
      resolve(input.selectedItems.map(({ value }) => value));
      input.hide();
    });
    input.onDidHide(() => {
      resolve(undefined);
      input.dispose();
    });
    input.show();
  });
}

/** A step: looks at what was chosen so far and adds to it. */
export type Step<D> = (draft: Partial<D>, back: boolean) => Promise<Partial<D> | 'back' | undefined>;

/** Goes through the steps from `at`, back and forth. Resolves to the finished draft, or undefined where the person leaves. */
export async function walk<D>(
  steps: readonly Step<D>[],
  draft: Partial<D> = {},
  at = 0,
): Promise<Partial<D> | undefined> {
  let step = at;
  while (step < steps.length) {
    const answer = await steps[step]!(draft, step > 0);
    if (answer === undefined) return undefined;
    if (answer === 'back') step--;
    else {
      draft = { ...draft, ...answer };
      step++;
    }
  }
  return draft;
}
