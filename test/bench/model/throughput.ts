// argv: embed | train, dist, then --threads N, --tfjs-node FOLDER; embed --folder DIR [--long-side PIXELS]:
// from the files of a folder, as they are or enlarged to a camera's size. See docs/BENCHMARKS.md.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inputOf, medianOf, paceOfEmbedding, paceOfTraining } from '../../../src/engine/bench/measure';
import type { BenchNetwork, Pace } from '../../../src/engine/bench/measure';
import { createEmbedderPool, loadBackend } from '../../../src/model';
import type { BackendChoice, ModelSource } from '../../../src/model';
import { enlarge } from './enlarge';
import { paceFromFiles } from './files';
import { buildParts } from '../../../src/model/network/parts';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  args: process.argv.slice(2),
  options: {
    threads: { type: 'string' },
    'tfjs-node': { type: 'string' },
    batch: { type: 'string', default: '128' },
    folder: { type: 'string' },
    'long-side': { type: 'string' },
  },
});
const [what, dist] = positionals as [string, string];
const threads = Number(values.threads ?? Math.min(2, os.availableParallelism()));
const wasmDir = path.join(dist, 'wasm');

interface Network extends BenchNetwork {
  /** pictures a measurement */
  pictures: number;
}

/** A folder that is gone when the process ends. */
function passingFolder(name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), `margin-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** tfjs-backend-wasm as it comes: a folder without our kernels. */
function stockWasm(): string {
  const folder = passingFolder('stock');
  cpSync(path.join(wasmDir, 'tfjs-backend-wasm-simd.wasm'), path.join(folder, 'tfjs-backend-wasm-simd.wasm'));
  return folder;
}

async function sourceOf(network: Network): Promise<ModelSource> {
  const { backbone, size, channels } = network;
  const parts = await buildParts({
    backbone,
    width: size,
    height: size,
    channels,
    embeddingSize: 64,
    widen: 1,
    seed: 1,
    freeze: false,
  });
  const { topology, ...files } = await parts.artifacts();
  const card = {
    version: 1 as const,
    name: backbone,
    input: inputOf(network),
    embedding: { normalise: true, metric: 'l2' as const },
  };
  return { id: backbone, key: '', card, topology: { modelTopology: topology }, ...files };
}

async function benchEmbed(): Promise<void> {
  await loadBackend({ choice: 'wasm', wasmDir });
  const backends: [string, BackendChoice, string][] = [
    ['tfjs-backend-wasm as it comes', 'wasm', stockWasm()],
    ['wasm, our kernels', 'wasm', wasmDir],
    ['tfjs-node', 'node', wasmDir],
    ['onnxruntime-node', 'onnx', wasmDir],
  ];
  const networks: Network[] = [
    { backbone: 'conv4', size: 28, channels: 1, pictures: 8192 },
    { backbone: 'conv4', size: 32, channels: 3, pictures: 4096 },
    { backbone: 'resnet', size: 64, channels: 3, pictures: 1024 },
    { backbone: 'mobile', size: 224, channels: 3, pictures: 256 },
  ];
  for (const network of networks) {
    const source = await sourceOf(network);
    for (const [label, choice, folder] of backends) {
      const backend = {
        choice,
        wasmDir: folder,
        ...(values['tfjs-node'] === undefined ? {} : { tfjsNodePath: values['tfjs-node'] }),
      };
      const workerFile = path.join(dist, 'embed-worker.cjs');
      const pool = await createEmbedderPool({ source, backend, workerFile, threads }).catch(() => undefined);
      if (!pool) {
        row(network, label, 'does not load here');
        continue;
      }
      const pace = await paceOfEmbedding(pool, network.pictures, 3);
      await pool.dispose();
      report(network, label, pace);
    }
  }
}

/** From files, on what `auto` takes: decoding alone, and with embedding beside it. */
async function benchFiles(given: string): Promise<void> {
  await loadBackend({ choice: 'wasm', wasmDir });
  let folder = path.resolve(given);
  if (values['long-side'] !== undefined) {
    const enlarged = passingFolder('enlarged');
    const bytes = await enlarge(folder, enlarged, Number(values['long-side']), 48);
    console.log(`enlarged to ${values['long-side']} pixels, ${(bytes / 1e6).toFixed(1)} MB each`);
    folder = enlarged;
  }
  for (const network of [
    { backbone: 'conv4', size: 28, channels: 1, pictures: 800 },
    { backbone: 'mobile', size: 224, channels: 3, pictures: 400 },
  ] satisfies Network[]) {
    const source = await sourceOf(network);
    const workerFile = path.join(dist, 'embed-worker.cjs');
    const pool = await createEmbedderPool({ source, backend: { choice: 'auto', wasmDir }, workerFile, threads });
    const { decoding, both } = await paceFromFiles(folder, pool, network.pictures, 3);
    const [alone, together] = [medianOf(decoding), medianOf(both)];
    row(
      network,
      `from files, ${pool.backend.name}`,
      `decoding alone ${alone.toFixed(0)} images/s, with embedding ${together.toFixed(0)}: ${((100 * together) / alone).toFixed(0)} %`,
    );
    await pool.dispose();
  }
}

async function benchTrain(): Promise<void> {
  const batch = Number(values.batch);
  const networks: Network[] = [
    { backbone: 'conv4', size: 28, channels: 1, pictures: 20 * batch },
    { backbone: 'resnet', size: 64, channels: 3, pictures: 5 * batch },
    { backbone: 'mobile', size: 96, channels: 3, pictures: 5 * batch },
  ];
  for (const network of networks) {
    for (const choice of ['wasm', 'node'] as const) {
      const backend = {
        choice,
        wasmDir,
        ...(values['tfjs-node'] === undefined ? {} : { tfjsNodePath: values['tfjs-node'] }),
      };
      const pace = await paceOfTraining({
        ...{ network, batch, steps: network.pictures / batch, runs: 3, threads, backend },
        workerFile: path.join(dist, 'train-worker.cjs'),
      }).catch(() => undefined);
      if (pace) report(network, `train, ${choice}`, pace);
      else row(network, `train, ${choice}`, 'does not load here');
    }
  }
}

/** The median by the clock, and the best by processor time: neighbours slow the first, and hardly the second. */
function report(network: Network, label: string, pace: Pace): void {
  const clock = medianOf(pace.clock);
  const cpu = Math.max(...pace.processor);
  row(
    network,
    label,
    `${clock.toFixed(0).padStart(7)} images/s by the clock, ${cpu.toFixed(0).padStart(6)} a second of processor time`,
  );
}

function row({ backbone, size, channels }: Network, label: string, text: string): void {
  console.log(`${`${backbone} ${size}x${size}x${channels}`.padEnd(18)} ${label.padEnd(32)} ${text}`);
}

const model = os.cpus()[0]?.model ?? 'unknown processor';
console.log(`Node ${process.versions.node}, ${threads} threads, ${model}, load ${os.loadavg()[0]!.toFixed(1)}`);
(what === 'train' ? benchTrain() : values.folder === undefined ? benchEmbed() : benchFiles(values.folder)).catch(
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
