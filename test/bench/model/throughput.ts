// argv: embed | train, dist, then --threads N, --tfjs-node FOLDER. See docs/BENCHMARKS.md.
import { mkdtempSync, cpSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { completeOptions, createEmbedderPool, loadBackend, pictureBytes, train } from '../../../src/model';
import type { BackendChoice, Backbone, ModelInput, ModelSource } from '../../../src/model';
import { buildParts } from '../../../src/model/network/parts';
import { Random } from '../../../src/model/training/random';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  args: process.argv.slice(2),
  options: { threads: { type: 'string' }, 'tfjs-node': { type: 'string' }, batch: { type: 'string', default: '128' } },
});
const [what, dist] = positionals as [string, string];
const threads = Number(values.threads ?? Math.min(2, os.availableParallelism()));
const wasmDir = path.join(dist, 'wasm');

interface Network {
  backbone: Backbone;
  size: number;
  channels: 1 | 3;
  /** pictures a measurement */
  pictures: number;
}

function inputOf({ size, channels }: Network): ModelInput {
  const each = (value: number): number[] => new Array<number>(channels).fill(value);
  return {
    width: size,
    height: size,
    channels,
    fit: 'fill',
    background: 0,
    scale: 1 / 255,
    mean: each(0.5),
    std: each(0.5),
  };
}

function noise(bytes: number): Uint8Array {
  const random = new Random(1);
  return new Uint8Array(bytes).map(() => random.below(256));
}

function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** tfjs-backend-wasm as it comes: a folder without our kernels. */
function stockWasm(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'margin-stock-'));
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
    const pixels = noise(network.pictures * pictureBytes(source.card.input));
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
      await pool.embed(pixels.subarray(0, pixels.length / 8), network.pictures / 8);
      const figures: [number, number][] = [];
      for (let i = 0; i < 3; i++) {
        const [clock, before] = [performance.now(), processor()];
        await pool.embed(pixels, network.pictures);
        figures.push([
          network.pictures / ((performance.now() - clock) / 1000),
          network.pictures / (processor() - before),
        ]);
      }
      await pool.dispose();
      report(network, label, figures);
    }
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
    const input = inputOf(network);
    const count = 512;
    const data = {
      pixels: noise(count * pictureBytes(input)),
      count,
      labels: Int32Array.from({ length: count }, (_, i) => i % 32),
    };
    for (const choice of ['wasm', 'node'] as const) {
      const options = completeOptions(
        {
          ...{ backbone: network.backbone, loss: 'contrastive', mining: 'all', embeddingSize: 64, heldOut: 0, threads },
          ...{ classesPerBatch: batch / 4, imagesPerClass: 4, epochs: 4, stepsPerEpoch: network.pictures / batch },
        },
        input,
        threads,
      );
      const spent: number[] = [];
      let before = processor();
      const backend = {
        choice,
        wasmDir,
        ...(values['tfjs-node'] === undefined ? {} : { tfjsNodePath: values['tfjs-node'] }),
      };
      const result = await train(options, input, data, {
        backend,
        workerFile: path.join(dist, 'train-worker.cjs'),
        onEpoch: () => {
          const now = processor();
          spent.push(network.pictures / (now - before));
          before = now;
        },
      }).catch(() => undefined);
      // The first epoch warms up.
      if (result)
        report(
          network,
          `train, ${choice}`,
          result.history.slice(1).map((h, i) => [h.imagesPerSecond, spent[i + 1]!]),
        );
      else row(network, `train, ${choice}`, 'does not load here');
    }
  }
}

/** The median by the clock, and the best by processor time: neighbours slow the first, and hardly the second. */
function report(network: Network, label: string, figures: [number, number][]): void {
  const clock = figures.map(([f]) => f).sort((a, b) => a - b)[Math.floor(figures.length / 2)]!;
  const cpu = Math.max(...figures.map(([, f]) => f));
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
(what === 'train' ? benchTrain() : benchEmbed()).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
