import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelCard } from './card';
import type { ModelArtifacts } from './network/artifacts';

/**
 * Writes a model folder: `model.json`, `weights.bin`, `card.json`. The folder is made whole beside its place and then put
 * there, replacing what was; a crash leaves the old one or the new one.
 */
export async function saveModel(folder: string, artifacts: ModelArtifacts, card: ModelCard): Promise<void> {
  const made = `${folder}.${process.pid}.tmp`;
  await rm(made, { recursive: true, force: true });
  await mkdir(made, { recursive: true });
  const model = {
    format: artifacts.format,
    generatedBy: 'margin',
    convertedBy: null,
    ...(artifacts.signature && { signature: artifacts.signature }),
    modelTopology: artifacts.topology,
    weightsManifest: [{ paths: ['weights.bin'], weights: artifacts.specs }],
  };
  await writeFile(path.join(made, 'model.json'), JSON.stringify(model));
  await writeFile(path.join(made, 'weights.bin'), new Uint8Array(artifacts.weights));
  await writeFile(path.join(made, 'card.json'), JSON.stringify(card, withoutKeys, 1));
  const old = `${folder}.${process.pid}.old`;
  await rm(old, { recursive: true, force: true });
  await rename(folder, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(made, folder);
  await rm(old, { recursive: true, force: true });
}

/** A card is shown and handed on: an address in it goes without what may let others in, its user and its query. */
function withoutKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value)) return value;
  return value.replace(/[?#].*$/s, '').replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}
