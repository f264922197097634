import * as vscode from 'vscode';
import type { TrainChoice } from '../../rpc/train-protocol';
import type { Advanced, AdvancedKey, Bounds } from './advanced';
import { advancedFor, numberIn, withoutIdle } from './advanced';

const t = vscode.l10n.t;

/** Lists the further choices with what they are now; each is changed by one step. Resolves to the choices when it is left. */
export async function askAdvanced(choice: TrainChoice): Promise<TrainChoice> {
  for (;;) {
    const rows = advancedFor(choice);
    const picked = await vscode.window.showQuickPick(
      [
        { label: t('Done'), iconPath: new vscode.ThemeIcon('check'), advanced: undefined },
        { label: t('Change…'), kind: vscode.QuickPickItemKind.Separator, advanced: undefined },
        ...rows.map(advanced => ({
          label: words(advanced.key).label,
          description: valueText(advanced.key, choice[advanced.key]),
          detail: words(advanced.key).detail,
          advanced,
        })),
      ],
      {
        title: t('Train Siamese Model'),
        placeHolder: t('Further choices: what is left out is as suits the network'),
        ignoreFocusOut: true,
      },
    );
    if (!picked?.advanced) return choice;
    const { key } = picked.advanced;
    const answer = await askValue(picked.advanced, choice);
    if (!answer) continue;
    const { [key]: _before, ...rest } = choice;
    void _before;
    choice = withoutIdle(answer.value === undefined ? rest : { ...rest, [key]: answer.value });
  }
}

/** What a further choice is called and set to, as the page lists it. */
export function advancedFact(key: AdvancedKey, choice: TrainChoice): { name: string; value: string } {
  return { name: words(key).label, value: valueText(key, choice[key]) };
}

/** Undefined where the step is left; a value of undefined is the default. */
async function askValue(advanced: Advanced, choice: TrainChoice): Promise<{ value: unknown } | undefined> {
  const { key } = advanced;
  const title = words(key).label;
  if ('values' in advanced) {
    const rows = [undefined, ...advanced.values].map(value => ({
      label: valueText(key, value),
      ...(value === choice[key] && { description: t('current') }),
      ...(key === 'mining' && value !== undefined && { detail: miningDetail(String(value)) }),
      value,
    }));
    const picked = await vscode.window.showQuickPick(rows, {
      title,
      placeHolder: words(key).detail,
      ignoreFocusOut: true,
    });
    return picked && { value: picked.value };
  }
  const { bounds } = advanced;
  const now = choice[key];
  const text = await vscode.window.showInputBox({
    title,
    prompt: t('{0}. Empty: as suits the network', words(key).detail),
    placeHolder: t('as suits the network'),
    ignoreFocusOut: true,
    value: now === undefined ? '' : String(now),
    validateInput: input =>
      input.trim() === '' || numberIn(input, bounds) !== undefined ? undefined : boundsText(bounds),
  });
  if (text === undefined) return undefined;
  return { value: text.trim() === '' ? undefined : numberIn(text, bounds) };
}

function boundsText({ low, high, whole }: Bounds): string {
  if (whole) return t('A whole number from {0} to {1}', low, high);
  return low > 0 && low < 1e-3 ? t('A number above 0, at most {0}', high) : t('A number from {0} to {1}', low, high);
}

function valueText(key: AdvancedKey, value: unknown): string {
  if (value === undefined) return t('as suits the network');
  if (key === 'channels') return value === 1 ? t('grey') : t('colour');
  if (key === 'inputSize') return t('{0} × {0} pixels', String(value));
  if (key === 'maxMinutes') return t('{0} minutes', String(value));
  if (typeof value === 'boolean') return value ? t('yes') : t('no');
  return key === 'mining' ? miningLabel(String(value)) : String(value);
}

function miningLabel(mining: string): string {
  switch (mining) {
    case 'all':
      return t('All of a batch');
    case 'batch-hard':
      return t('Batch-hard');
    case 'semi-hard':
      return t('Semi-hard');
    default:
      return t('Distance-weighted');
  }
}

function miningDetail(mining: string): string {
  switch (mining) {
    case 'all':
      return t('every pair or triplet of the batch');
    case 'batch-hard':
      return t('each image with its farthest positive and its nearest negative (Hermans 2017)');
    case 'semi-hard':
      return t('the nearest negative farther than the positive (Schroff 2015)');
    default:
      return t('negatives drawn evenly over distances (Wu 2017)');
  }
}

function words(key: AdvancedKey): { label: string; detail: string } {
  switch (key) {
    case 'inputSize':
      return { label: t('Input size'), detail: t('side of the pictures that the network sees, pixels') };
    case 'channels':
      return { label: t('Grey or colour'), detail: t('what the network sees of a picture') };
    case 'embeddingSize':
      return { label: t('Embedding size'), detail: t('numbers in an embedding') };
    case 'normalise':
      return { label: t('Normalised embeddings'), detail: t('scaled to unit length') };
    case 'margin':
      return { label: t('Margin'), detail: t('of the loss, in units of the distance') };
    case 'mining':
      return { label: t('Online mining'), detail: t('how the pairs or triplets of a batch are chosen') };
    case 'classesPerBatch':
      return { label: t('Classes a batch'), detail: t('classes that each batch is drawn from') };
    case 'imagesPerClass':
      return { label: t('Images a class'), detail: t('images of each class in a batch') };
    case 'whiten':
      return { label: t('Whitening'), detail: t('in the end, where it is better on what is held out') };
    case 'instances':
      return {
        label: t('Single pictures'),
        detail: t('share of batches of single pictures, changed at random and told apart'),
      };
    case 'learningRate':
      return { label: t('Learning rate'), detail: t('of the first step') };
    case 'heldOut':
      return { label: t('Held-out share'), detail: t('of the classes, kept back to judge by') };
    case 'maxMinutes':
      return { label: t('Time limit'), detail: t('minutes, after which the best so far is kept') };
  }
}
