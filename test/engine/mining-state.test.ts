import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MiningState } from '../../src/engine/mining-state';
import { mine } from '../../src/kernel';
import { temporaryFolder } from '../support/data';
import { kernelAssets } from '../support/kernel-assets';
import { clusters, requestOf } from '../support/mining';

let assets: { wasmDir: string; workerPath: string };
const home = temporaryFolder();
beforeAll(async () => {
  assets = await kernelAssets();
}, 60_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

const data = clusters(300, 6, 30, { spread: 0.5, seed: 8 });
const search = async (state: MiningState, model = 'starter') =>
  (await mine(data, requestOf({ topK: 500 }), { ...assets, cache: await state.of(model) })).report;
const cacheFolder = (name: string) => {
  const folder = path.join(home, name, '.margin/cache');
  mkdirSync(folder, { recursive: true });
  return folder;
};

it('gives the next process what this one knew, of the same model only', async () => {
  const cache = cacheFolder('one');
  const first = new MiningState(cache);
  expect((await search(first)).reused).toBeUndefined();
  first.keep(60);
  await first.settled();
  expect(readdirSync(path.join(cache, 'mining'))).toEqual(['again.bin']);
  expect((await search(new MiningState(cache))).reused).toBe(300);
  expect((await search(new MiningState(cache), 'another')).reused).toBeUndefined();
});

it('writes nothing for a short search, nor where nothing can be written, and reads no rubbish', async () => {
  const cache = cacheFolder('two');
  const quick = new MiningState(cache);
  await search(quick);
  quick.keep(0.01);
  await quick.settled();
  expect(readdirSync(cache)).toEqual([]);
  const nowhere = new MiningState(undefined);
  await search(nowhere);
  nowhere.keep(60);
  await nowhere.settled();
  // a file stands where the folder would
  writeFileSync(path.join(cache, 'mining'), 'no folder');
  quick.keep(60);
  await quick.settled();
  expect((await search(new MiningState(cache))).reused).toBeUndefined();
  rmSync(path.join(cache, 'mining'));
  mkdirSync(path.join(cache, 'mining'));
  writeFileSync(
    path.join(cache, 'mining/again.bin'),
    '{"version":1,"label":"starter","sets":[{"arrays":[["rows","f64",9e9]]}]}\n',
  );
  expect((await search(new MiningState(cache))).reused).toBeUndefined();
});
