import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** One epoch's figures. */
export interface EpochReport {
  epoch: number;
  /** mean over the epoch's steps */
  loss: number;
  /** of the held-out part; absent where nothing is held out */
  heldOut?: number;
  seconds: number;
  imagesPerSecond: number;
}

/** All that a run needs to go on from where it was. */
export interface RunState {
  /** of the options, the data and the network's shape: another run's checkpoint is not taken */
  fingerprint: string;
  /** of the options alone: the same choices may have met other data */
  choices: string;
  epoch: number;
  step: number;
  seconds: number;
  history: EpochReport[];
  best: { epoch: number; heldOut: number } | null;
  /** floats, one after another in the file: network, head, moments, then the best network and head */
  values: { current: Float32Array; best: Float32Array };
}

const FILE = 'checkpoint.bin';

interface Header {
  v: number;
  state: Omit<RunState, 'values'>;
  floats: [current: number, best: number];
}

/** Writes a checkpoint beside the last one and puts it in its place, so that a crash leaves one or the other whole. */
export async function writeCheckpoint(folder: string, state: RunState): Promise<void> {
  const { values, ...rest } = state;
  const header = Buffer.from(
    JSON.stringify({ v: 1, state: rest, floats: [values.current.length, values.best.length] }),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  const bytes = (floats: Float32Array): Buffer => Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);
  await mkdir(folder, { recursive: true });
  const temporary = path.join(folder, `${FILE}.${process.pid}.tmp`);
  await writeFile(temporary, Buffer.concat([length, header, bytes(values.current), bytes(values.best)]));
  await rename(temporary, path.join(folder, FILE));
}

/** What a folder of checkpoints holds for a run. */
export interface Checkpoint {
  /** of exactly this run; absent where there is none, it is another run's, or it is damaged */
  state?: RunState;
  /** epochs that a run of the same choices had done on other data: answers, flags, classes or images are not what they were */
  otherData?: number;
}

/** The checkpoint of exactly this run, or how far the same choices had come on other data. */
export async function readCheckpoint(
  folder: string,
  { fingerprint, choices }: Pick<RunState, 'fingerprint' | 'choices'>,
): Promise<Checkpoint> {
  try {
    const file = await readFile(path.join(folder, FILE));
    const headerLength = file.readUInt32LE(0);
    const header = JSON.parse(file.toString('utf8', 4, 4 + headerLength)) as Header;
    const [current, best] = header.floats;
    const bytes = file.subarray(4 + headerLength);
    if (header.v !== 1 || bytes.length !== (current + best) * 4) return {};
    if (header.state.fingerprint !== fingerprint)
      return header.state.choices === choices ? { otherData: header.state.epoch } : {};
    const all = new Float32Array(new Uint8Array(bytes).buffer);
    return { state: { ...header.state, values: { current: all.slice(0, current), best: all.slice(current) } } };
  } catch {
    return {};
  }
}
