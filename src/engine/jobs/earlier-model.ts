import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ModelInput } from '../../model';
import type { TrainParams } from '../../rpc/engine-protocol';
import { EngineError } from '../errors';

/** What is learned from where nobody says. */
export const DEFAULT_USE: readonly NonNullable<TrainParams['use']>[number][] = ['classes', 'answers'];

interface Training {
  options?: Record<string, unknown>;
  map?: { from?: unknown; key?: unknown };
  fromKey?: unknown;
  use?: unknown;
  images?: unknown;
  classes?: unknown;
}

/** What a training is about to write: all that was chosen of it, or the key of the model whose embeddings it maps. */
export type Wanted =
  { options: object; input: ModelInput; fromKey: string | undefined; use: readonly string[] } | { mapOf: string };

/**
 * Refuses to replace a model that another training made. The same training may: one that was broken off or cancelled goes on
 * from its checkpoint and writes its own model again, and a map is learned anew from more answers.
 * @param folder where the model will be
 * @throws EngineError `model-exists`, naming what is there
 */
export async function refuseReplacing(folder: string, wanted: Wanted): Promise<void> {
  if (!(await isThere(path.join(folder, 'model.json')))) return;
  const { input, training } = await cardOf(path.join(folder, 'card.json'));
  if (training && isSame(training, input, wanted)) return;
  throw new EngineError(
    'model-exists',
    `There is a model “${path.basename(folder)}” already: ${describe(training)}.`,
    'Give the new one another name, or replace the old one (--force). The same choices as that one was trained by need no --force.',
  );
}

function isSame({ options, map, fromKey, use }: Training, input: unknown, wanted: Wanted): boolean {
  if ('mapOf' in wanted) return map?.key === wanted.mapOf;
  if (options === undefined || fromKey !== wanted.fromKey) return false;
  const sources = (Array.isArray(use) ? [...(use as string[])] : [...DEFAULT_USE]).sort();
  return (
    isDeepStrictEqual(steps(options), steps(wanted.options)) &&
    isDeepStrictEqual(input, plain(wanted.input)) &&
    isDeepStrictEqual(sources, [...wanted.use].sort())
  );
}

/** The choices as a card keeps them; how long a run may take at most does not make it another one. */
function steps(options: object): unknown {
  return plain({ ...options, maxMinutes: 0 });
}

function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}

function describe(training: Training | undefined): string {
  if (!training) return 'it was not trained here';
  const on = [
    typeof training.images === 'number' && training.images > 0 ? `on ${training.images} images` : '',
    typeof training.classes === 'number' && training.classes > 0 ? `of ${training.classes} classes` : '',
  ].filter(Boolean);
  if (training.map) return ['a map of', `“${String(training.map.from)}”, learned`, ...on].join(' ');
  const { backbone, loss, distance, epochs } = training.options ?? {};
  const what = [backbone, loss, distance, epochs === undefined ? undefined : `${String(epochs)} epochs`];
  return [`trained with other choices (${what.filter(each => each !== undefined).join(', ')})`, ...on].join(' ');
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function cardOf(file: string): Promise<{ input?: unknown; training?: Training }> {
  try {
    const { input, training } = JSON.parse(await readFile(file, 'utf8')) as { input?: unknown; training?: Training };
    return { input, ...(typeof training === 'object' && { training }) };
  } catch {
    return {};
  }
}
