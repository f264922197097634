import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeOptions, loadModel, readModel, saveModel, train } from '../../src/model';
import { bundleWorker, passingFolder } from './support/bundle';
import { writeGraphModel } from './support/graph';
import { environment, quickOptions, stripes, tinyInput } from './support/training';
import { wasmDir } from './support/wasm';

// Models behind a real server that lets nobody in without its token, as signed addresses do.
const TOKEN = 'token=a%2Fb&until=9';
const data = stripes(6, 6);
const backend = { choice: 'wasm', wasmDir: wasmDir() } as const;
const root = passingFolder('served');
const asked: string[] = [];
let workerFile: string;
let server: Server;
let base: string;

beforeAll(async () => {
  workerFile = await bundleWorker('src/model/training/train-worker.ts');
  const made = await train(quickOptions({ epochs: 1 }), tinyInput, data, environment(workerFile));
  const folder = path.join(root, 'layers');
  await saveModel(folder, made.artifacts, { ...made.card, name: 'served' });
  shard(folder);
  mkdirSync(path.join(root, 'graph'));
  writeGraphModel(path.join(root, 'graph'), true);
  server = createServer((request, response) => {
    const [file, query] = request.url!.split('?');
    asked.push(file!);
    if (query !== TOKEN) return void response.writeHead(403).end();
    try {
      response.end(readFileSync(path.join(root, file!)));
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}, 60_000);

afterAll(() => new Promise(resolve => server.close(resolve)));

/** Cuts the weights into two files, as a converter does with large ones. */
function shard(folder: string): void {
  const weights = readFileSync(path.join(folder, 'weights.bin'));
  const model = JSON.parse(readFileSync(path.join(folder, 'model.json'), 'utf8')) as {
    weightsManifest: { paths: string[] }[];
  };
  model.weightsManifest[0]!.paths = ['shard1of2.bin', 'shard2of2.bin'];
  writeFileSync(path.join(folder, 'shard1of2.bin'), weights.subarray(0, 1000));
  writeFileSync(path.join(folder, 'shard2of2.bin'), weights.subarray(1000));
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(model));
  rmSync(path.join(folder, 'weights.bin'));
}

async function vectorsOf(ref: string): Promise<number[]> {
  const embedder = await loadModel(ref, { backend });
  const vectors = await embedder.embed(data.pixels, data.count);
  await embedder.dispose();
  return [...vectors];
}

describe('a model at an address', () => {
  it.each([
    ['LayersModel', 'layers', ['model.json', 'shard1of2.bin', 'shard2of2.bin', 'card.json']],
    ['GraphModel', 'graph', ['model.json', 'weights.bin', 'card.json']],
  ])(
    '%s: is read with the query of its address for every file, and embeds as from its folder',
    async (_, name, files) => {
      asked.length = 0;
      const source = await readModel(`${base}/${name}/model.json?${TOKEN}`);
      expect(asked).toEqual(files.map(file => `/${name}/${file}`));
      expect(source.card.name).toBe(name === 'layers' ? 'served' : 'graph');
      expect(await vectorsOf(`${base}/${name}?${TOKEN}`)).toEqual(await vectorsOf(path.join(root, name)));
    },
  );

  it('is refused with what the server said without the query, and what is no address as that', async () => {
    await expect(readModel(`${base}/layers/model.json`)).rejects.toThrow(/no model.json at .*HTTP 403/);
    await expect(readModel('http://')).rejects.toThrow(/is no address/);
  });

  it.each([
    ['LayersModel', 'layers', false],
    ['LayersModel', 'layers', true],
    ['GraphModel', 'graph', true],
  ])('%s: is trained, and embeds when it is saved', async (_, name, freeze) => {
    const source = await readModel(`${base}/${name}/model.json?${TOKEN}`);
    const options = completeOptions(
      {
        ...{ backbone: 'own', freeze, classesPerBatch: 6, imagesPerClass: 6, epochs: 2, stepsPerEpoch: 12 },
        ...{ threads: 1, heldOut: 0, mining: 'all', learningRate: 3e-3 },
        augmentation: { affine: false, crop: false, colour: false },
      },
      source.card.input,
      1,
      source.card.embedding,
    );
    const result = await train(options, source.card.input, data, { ...environment(workerFile), source });
    // Every batch is all pictures, so that chance has no part in it.
    expect(result.history[1]!.loss).toBeLessThan(result.history[0]!.loss);
    const folder = path.join(passingFolder('saved'), 'mine');
    await saveModel(folder, result.artifacts, { ...result.card, name: 'mine' });
    // What lets others in is not handed on with the model.
    const card = readFileSync(path.join(folder, 'card.json'), 'utf8');
    expect(JSON.parse(card)).toMatchObject({ training: { from: `${base}/${name}/model.json` } });
    expect(card).not.toContain('token');
    const [before, after] = [await vectorsOf(path.join(root, name)), await vectorsOf(folder)];
    expect(after).toHaveLength(before.length);
    expect(after.every(Number.isFinite)).toBe(true);
    expect(after).not.toEqual(before);
  });
});
