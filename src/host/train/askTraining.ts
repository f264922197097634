import * as vscode from 'vscode';
import { settings as settingIds } from '../../contributions';
import type { ModelInfo } from '../../rpc/engine-protocol';
import type { TrainChoice, TrainRun } from '../../rpc/train-protocol';
import { modelFromAddress, modelFromFolder } from '../modelElsewhere';
import { chosenOf, withoutIdle } from './advanced';
import { advancedFact, askAdvanced } from './askAdvanced';
import { BACKBONES, distancesFor, freeName, isModelName, lossesFor } from './choices';
import { backboneWords, distanceWords, lossWords, sourcesWords } from './words';

const t = vscode.l10n.t;

interface Choice<T> extends vscode.QuickPickItem {
  value: T;
}
/** Models to go on from, and where others would be looked for. */
interface Models {
  known: readonly ModelInfo[];
  folder: vscode.Uri;
}
type Asked = (choice: TrainChoice, models: Models) => Promise<TrainChoice | undefined>;

/** Asks for what has to be chosen, then shows all choices; any of them can be changed until training starts. */
export async function askTraining(
  known: readonly ModelInfo[],
  folder: vscode.Uri,
  before: TrainChoice | undefined,
): Promise<TrainChoice | undefined> {
  const models: Models = { known, folder };
  let choice = before;
  if (!choice) {
    choice = {
      name: freeName(known.map(({ id }) => id)),
      backbone: 'resnet',
      use: ['classes', 'answers'],
      epochs: EPOCHS,
    };
    choice = await askNetwork(choice, models);
    for (const ask of choice?.map ? [askName] : [askLoss, askDistance, askSources, askName]) {
      if (!choice) return undefined;
      choice = await ask(choice, models);
    }
    if (!choice) return undefined;
  }
  for (;;) {
    const picked: Asked | 'start' | 'settings' | undefined = await askToStart(choice);
    if (picked === undefined) return undefined;
    if (picked === 'start') return choice;
    if (picked === 'settings') {
      await vscode.commands.executeCommand(
        'workbench.action.openSettings',
        `@id:${settingIds.section}.${settingIds.augmentation}`,
      );
      return undefined;
    }
    // Leaving a step leaves that choice as it was.
    choice = (await picked(choice, models)) ?? choice;
  }
}

/** The choices in words, as the last step and the page list them. */
export function factsOf(choice: TrainChoice): TrainRun['facts'] {
  return [
    ...rowsOf(choice).map(({ name, value }) => ({ name, value })),
    ...chosenOf(choice).map(key => advancedFact(key, choice)),
  ];
}

const EPOCHS = 30;

function rowsOf(choice: TrainChoice): { name: string; value: string; ask: Asked }[] {
  const network =
    choice.map && choice.from !== undefined
      ? choice.use?.includes('classes')
        ? t('{0}, sharpened by classes', choice.from)
        : t('{0}, sharpened by answers', choice.from)
      : choice.from === undefined
        ? backboneWords(choice.backbone ?? 'resnet').label
        : choice.freeze
          ? t('{0}, its head only', choice.from)
          : choice.from;
  const loss = lossOf(choice);
  const first = [
    { name: t('Name'), value: choice.name, ask: askName },
    { name: t('Base network'), value: network, ask: askNetwork },
  ];
  if (choice.map) return first;
  return [
    ...first,
    { name: t('Loss'), value: lossWords(loss).label, ask: askLoss },
    { name: t('Distance'), value: distanceText(choice), ask: askDistance },
    { name: t('Learns from'), value: sourcesWords(choice.use).label, ask: askSources },
    { name: t('Epochs'), value: String(choice.epochs ?? EPOCHS), ask: askEpochs },
  ];
}

function distanceText(choice: TrainChoice): string {
  if (choice.metric === undefined && choice.from !== undefined) return t('as the model compares');
  return distanceWords(choice.metric ?? distancesFor(lossOf(choice))[0]!).label;
}

async function askToStart(choice: TrainChoice): Promise<Asked | 'start' | 'settings' | undefined> {
  const picked = await vscode.window.showQuickPick<Choice<Asked | 'start' | 'settings'>>(
    [
      { label: t('Start Training'), iconPath: new vscode.ThemeIcon('play'), value: 'start' },
      { label: t('Change…'), kind: vscode.QuickPickItemKind.Separator, value: 'start' },
      ...rowsOf(choice).map(({ name, value, ask }) => ({ label: name, description: value, value: ask })),
      ...(choice.map
        ? []
        : [
            { label: t('Augmentation'), description: t('in the settings'), value: 'settings' as const },
            { label: t('Advanced…'), description: advancedText(choice), value: askAdvanced },
          ]),
    ],
    { title: t('Train Siamese Model'), placeHolder: t('Start, or change a choice first'), ignoreFocusOut: true },
  );
  return picked?.value;
}

function advancedText(choice: TrainChoice): string {
  const chosen = chosenOf(choice).map(key => {
    const { name, value } = advancedFact(key, choice);
    return t('{0}: {1}', name, value);
  });
  return chosen.length === 0 ? t('as suits the network') : chosen.join(' · ');
}

async function askNetwork(choice: TrainChoice, models: Models): Promise<TrainChoice | undefined> {
  const picked = await pick<TrainChoice['backbone'] | 'own' | 'map' | 'classMap'>(t('Base network'), [
    {
      label: t('Sharpen a Model With Your Answers…'),
      detail: t('its network stays as it is; from about 100 answers, in seconds, judged on answers held out'),
      value: 'map' as const,
    },
    {
      label: t('Sharpen a Model With Your Classes…'),
      detail: t('its network stays as it is; from two classes, in seconds, judged on classes held out'),
      value: 'classMap' as const,
    },
    ...BACKBONES.map(value => ({ ...backboneWords(value), value })),
    {
      label: t('Go On From a Model…'),
      detail: t('train a network further, whole or its head only'),
      value: 'own' as const,
    },
  ]);
  if (picked === undefined) return undefined;
  const { from: _from, freeze: _freeze, map: _map, ...rest } = choice;
  void [_from, _freeze, _map];
  if (picked !== 'own' && picked !== 'map' && picked !== 'classMap')
    return consistent({ epochs: EPOCHS, ...rest, backbone: picked });
  const from = await askModel(models);
  if (from === undefined) return undefined;
  if (picked !== 'own') return { name: rest.name, from, map: true, use: [picked === 'map' ? 'answers' : 'classes'] };
  const freeze = await pick<boolean>(t('What to train of it'), [
    { label: t('The whole network'), detail: t('learns most; needs more images'), value: false },
    { label: t('Its head only'), detail: t('the base network stays as it is'), value: true },
  ]);
  if (freeze === undefined) return undefined;
  const { backbone: _backbone, metric: _metric, ...own } = rest;
  void [_backbone, _metric];
  return consistent({ ...own, from, freeze });
}

/** A model of the list, or one elsewhere. */
async function askModel({ known, folder }: Models): Promise<string | undefined> {
  const picked = await pick<{ id: string } | 'folder' | 'address'>(t('The model to go on from'), [
    ...known.map(({ id, name, description }) => ({
      label: name,
      ...(description !== undefined && { detail: description }),
      value: { id },
    })),
    { label: '', kind: vscode.QuickPickItemKind.Separator, value: 'folder' as const },
    { label: t('From a Folder…'), iconPath: new vscode.ThemeIcon('folder-opened'), value: 'folder' as const },
    { label: t('From a URL…'), iconPath: new vscode.ThemeIcon('globe'), value: 'address' as const },
  ]);
  if (picked === 'folder') return modelFromFolder(folder);
  return picked === 'address' ? modelFromAddress() : picked?.id;
}

async function askLoss(choice: TrainChoice): Promise<TrainChoice | undefined> {
  const loss = await pick(
    t('Loss: what training lessens'),
    lossesFor(choice.backbone).map(value => ({ ...lossWords(value), value })),
  );
  return loss && consistent({ ...choice, loss });
}

async function askDistance(choice: TrainChoice): Promise<TrainChoice | undefined> {
  const metrics = distancesFor(lossOf(choice));
  // One that fits is no choice.
  if (metrics.length === 1) return withoutIdle({ ...choice, metric: metrics[0]! });
  const metric = await pick(
    t('Distance: how two embeddings are compared'),
    metrics.map(value => ({ ...distanceWords(value), value })),
  );
  return metric && withoutIdle({ ...choice, metric });
}

async function askSources(choice: TrainChoice): Promise<TrainChoice | undefined> {
  const all: NonNullable<TrainChoice['use']>[] = [
    ['classes', 'answers'],
    ['classes'],
    ['answers'],
    ['classes', 'answers', 'mined'],
    ['mined'],
  ];
  const use = await pick(
    t('What to learn from'),
    all.map(value => ({ ...sourcesWords(value), value })),
  );
  return use && { ...choice, use };
}

async function askName(choice: TrainChoice, { known }: Models): Promise<TrainChoice | undefined> {
  const name = await vscode.window.showInputBox({
    title: t('Train Siamese Model'),
    prompt: t('The name of the new model, a folder under .margin/models'),
    ignoreFocusOut: true,
    value: choice.name,
    validateInput: text => {
      const wanted = text.trim();
      if (!isModelName(wanted)) return t('Letters, digits, dots, dashes, and another name than starter');
      return known.some(({ id }) => id === wanted)
        ? {
            message: t('There is a model of this name: the new one will replace it.'),
            severity: vscode.InputBoxValidationSeverity.Warning,
          }
        : undefined;
    },
  });
  return name === undefined ? undefined : { ...choice, name: name.trim() };
}

async function askEpochs(choice: TrainChoice): Promise<TrainChoice | undefined> {
  const text = await vscode.window.showInputBox({
    title: t('Train Siamese Model'),
    prompt: t('Epochs at most; training stops earlier where the held-out figure no longer gets better'),
    value: String(choice.epochs ?? EPOCHS),
    ignoreFocusOut: true,
    validateInput: input => (/^[1-9]\d{0,3}$/.test(input.trim()) ? undefined : t('A whole number from 1 to 9999')),
  });
  return text === undefined ? undefined : { ...choice, epochs: Number(text) };
}

function lossOf({ loss, backbone }: TrainChoice) {
  return loss ?? lossesFor(backbone)[0]!;
}

/** A changed network or loss takes the distance with it, where the two no longer go together. */
function consistent(choice: TrainChoice): TrainChoice {
  // A model to go on from has its own, and keeps it where the loss allows.
  if (choice.from !== undefined && choice.metric === undefined) return withoutIdle(choice);
  const metrics = distancesFor(lossOf(choice));
  const fits = choice.metric !== undefined && metrics.includes(choice.metric);
  return withoutIdle(fits ? choice : { ...choice, metric: metrics[0]! });
}

async function pick<T>(placeHolder: string, choices: Choice<T>[]): Promise<T | undefined> {
  // A training that ends meanwhile takes the focus to its page: what was chosen so far stays.
  const options = { title: t('Train Siamese Model'), placeHolder, matchOnDetail: true, ignoreFocusOut: true };
  return (await vscode.window.showQuickPick(choices, options))?.value;
}
