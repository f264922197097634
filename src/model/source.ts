import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import type { ModelCard, ModelInput } from './card';
import { CardError, completeCard } from './card';
import { declaredInputShape } from './topology';

/** A model as files hold it: no tensors, so any thread may have it. Structured-clone safe. */
export interface ModelSource {
  /** the reference it was asked for by */
  id: string;
  /** changes with the weights, the topology and the preprocessing, and with nothing else */
  key: string;
  format: 'layers-model' | 'graph-model';
  card: ModelCard;
  topology: object;
  specs: io.WeightsManifestEntry[];
  weights: ArrayBuffer;
}

export interface ModelPlaces {
  /** `<folder>/.margin/models`: where a bare name is looked for */
  modelsDir?: string;
  /** the shipped starter's folder */
  starterDir?: string;
  signal?: AbortSignal;
}

/** A model that does not load; the message says which one, why, and what to do. */
export class ModelError extends Error {
  override name = 'ModelError';
}

/**
 * Reads a model's files. `ref` is `starter`, a name under `modelsDir`, a folder or its `model.json`, or an http(s) URL of
 * a `model.json` (or of the folder that holds it).
 * @throws ModelError when it is not there, is no tfjs model, or its files do not agree.
 */
export async function readModel(ref: string, places: ModelPlaces = {}): Promise<ModelSource> {
  const base = await locate(ref, places);
  const read = (file: string): Promise<Uint8Array> => readPart(base, file, places.signal);
  const modelBytes = await read('model.json').catch((error: unknown) => {
    throw new ModelError(`Model "${ref}": no model.json at ${base} (${message(error)}). ${WHAT_A_MODEL_IS}`);
  });
  const json = parse(modelBytes, ref, 'model.json');
  const topology = json['modelTopology'];
  if (typeof topology !== 'object' || topology === null) {
    throw new ModelError(`Model "${ref}": its model.json has no modelTopology. ${WHAT_A_MODEL_IS}`);
  }
  const manifest = (json['weightsManifest'] ?? []) as io.WeightsManifestConfig;
  const parts: Uint8Array[] = [];
  for (const file of manifest.flatMap(group => group.paths)) {
    parts.push(
      await read(file).catch((error: unknown) => {
        throw new ModelError(`Model "${ref}": its weights file ${file} cannot be read (${message(error)}).`);
      }),
    );
  }
  const format = json['format'] === 'graph-model' || 'node' in topology ? 'graph-model' : 'layers-model';
  const rawCard = await read('card.json').then(
    bytes => parse(bytes, ref, 'card.json'),
    () => undefined,
  );
  try {
    const card = completeCard(rawCard, displayName(ref), declaredInputShape(format, topology, json['signature']));
    const weights = concat(parts);
    return {
      id: ref,
      key: keyOf(topology, weights, card),
      format,
      card,
      topology: json,
      specs: manifest.flatMap(group => group.weights),
      weights,
    };
  } catch (error) {
    if (error instanceof CardError)
      throw new ModelError(`Model "${ref}": ${error.message}. See docs/MODELS.md for card.json.`);
    throw error;
  }
}

const WHAT_A_MODEL_IS =
  'A model is a tfjs LayersModel or GraphModel: a folder (or URL) with model.json and its weight files; tensorflowjs_converter makes one.';

async function locate(ref: string, places: ModelPlaces): Promise<string> {
  if (/^https?:\/\//i.test(ref)) return addressOf(ref);
  if (ref === 'starter' && places.starterDir !== undefined) return places.starterDir;
  const bare = !/[\\/]/.test(ref) && !path.isAbsolute(ref);
  const candidates = [
    ...(bare && places.modelsDir !== undefined ? [path.join(places.modelsDir, ref)] : []),
    path.resolve(ref.replace(/[\\/]model\.json$/i, '')),
  ];
  for (const candidate of candidates) if (await isFolder(candidate)) return candidate;
  throw new ModelError(
    bare
      ? `There is no model "${ref}"${places.modelsDir === undefined ? '' : ` in ${places.modelsDir}`}. Choose "starter", a name under .margin/models, a folder or a URL.`
      : `There is no folder ${candidates.at(-1)!}. ${WHAT_A_MODEL_IS}`,
  );
}

/** The folder of an address; its query stays, since it may be what lets one in: a signature, a token. */
function addressOf(ref: string): string {
  if (!URL.canParse(ref)) throw new ModelError(`"${ref}" is no address. ${WHAT_A_MODEL_IS}`);
  const url = new URL(ref);
  url.hash = '';
  url.pathname = url.pathname.replace(/\/model\.json$/i, '').replace(/\/*$/, '/');
  return url.href;
}

/** `file` beside what `base` is the folder of, with the same query unless it has one of its own; other servers are not told it. */
function fileAt(base: string, file: string): URL {
  const url = new URL(file, base);
  const of = new URL(base);
  if (url.search === '' && url.origin === of.origin) url.search = of.search;
  return url;
}

async function readPart(base: string, file: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (!/^https?:/i.test(base)) return readFile(path.join(base, file), { signal });
  const response = await fetch(fileAt(base, file), { signal: signal ?? null });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function parse(bytes: Uint8Array, ref: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new ModelError(`Model "${ref}": its ${file} is not JSON (${message(error)}).`);
  }
}

function keyOf(topology: object, weights: ArrayBuffer, card: ModelCard): string {
  const input: ModelInput = card.input;
  return createHash('sha256')
    .update(JSON.stringify([1, topology, input, card.output ?? '', card.embedding.normalise]))
    .update(new Uint8Array(weights))
    .digest('hex')
    .slice(0, 32);
}

function concat(parts: Uint8Array[]): ArrayBuffer {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all.buffer;
}

function displayName(ref: string): string {
  return (/^https?:\/\//i.test(ref) ? ref.replace(/[?#].*$/, '') : ref)
    .replace(/[\\/]+(model\.json)?$/i, '')
    .split(/[\\/]/)
    .at(-1)!;
}

async function isFolder(candidate: string): Promise<boolean> {
  return stat(candidate).then(
    found => found.isDirectory(),
    () => false,
  );
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
