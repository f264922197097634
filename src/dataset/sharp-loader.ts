import { createRequire, Module } from 'node:module';
import path from 'node:path';
import type sharp from 'sharp';
import { DatasetError, textOf } from './errors';

export type Sharp = typeof sharp;
export type DecoderChoice = 'auto' | 'native' | 'wasm';
export type DecoderBuild = 'native' | 'wasm';

/** Which decoder runs, and one line for each that was thought of. */
export interface DecoderInfo {
  name: string;
  why: string[];
}

export interface LoadOptions {
  choice: DecoderChoice;
  /** true where this process is Electron's (the desktop editor); found out when left out */
  electron?: boolean;
  platform?: NodeJS.Platform;
}

/** Readers that may see a file's bytes; all else that libvips could open stays shut. */
const READERS = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map(name => `VipsForeignLoad${name}`);
const SVG_READER = 'VipsForeignLoadSvg';

/**
 * Loads sharp: its native build where that is safe and loads, else its WebAssembly build. On desktop Linux, Electron's
 * GLib and the one inside libvips collide and can take the process down, so `auto` does not try native there.
 * @throws DatasetError `no-decoder` that names every build tried, when none loads
 */
export function loadSharp(options: LoadOptions): { sharp: Sharp; build: DecoderBuild; info: DecoderInfo } {
  const electron = options.electron ?? process.versions.electron !== undefined;
  const platform = options.platform ?? process.platform;
  const why: string[] = [];
  for (const build of order(options.choice, electron && platform === 'linux', why)) {
    try {
      const loaded = build === 'native' ? loadNative() : loadWasm();
      loaded.cache(false);
      loaded.concurrency(1);
      loaded.block({ operation: ['VipsForeignLoad'] });
      loaded.unblock({ operation: [...READERS, SVG_READER] });
      why.push(`${build}: sharp ${loaded.versions.sharp} with libvips ${loaded.versions.vips}`);
      return { sharp: loaded, build, info: { name: `sharp-${build}`, why } };
    } catch (error) {
      why.push(`${build}: does not load (${firstLine(error)})`);
    }
  }
  throw new DatasetError(
    'no-decoder',
    `No image decoder loads: ${why.join('; ')}.`,
    'Install the extension again; from the command line, run "npm install --include=optional sharp @img/sharp-wasm32".',
  );
}

function order(choice: DecoderChoice, unsafe: boolean, why: string[]): DecoderBuild[] {
  if (choice !== 'auto') {
    why.push(`${choice}: chosen in the settings`);
    return [choice];
  }
  if (!unsafe) return ['native', 'wasm'];
  why.push('native: left out, it can crash in Electron on Linux');
  return ['wasm'];
}

const nodeRequire = createRequire(__filename);

function loadNative(): Sharp {
  const loaded = loadWith(undefined);
  if ('emscripten' in loaded.versions) throw new Error('there is no native build for this platform');
  return loaded;
}

function loadWasm(): Sharp {
  return loadWith(nodeRequire('@img/sharp-wasm32/sharp.node') as unknown);
}

/**
 * A fresh copy of sharp over the given binding. sharp picks its binding by itself, in one module (`sharp.cjs`) and
 * native first; that module is put into the cache beforehand with the binding wanted.
 */
function loadWith(binding: unknown): Sharp {
  const entry = nodeRequire.resolve('sharp');
  const folder = path.dirname(entry);
  const { cache } = nodeRequire;
  for (const key of Object.keys(cache)) if (key.startsWith(folder + path.sep)) Reflect.deleteProperty(cache, key);
  if (binding !== undefined) {
    const chooser = path.join(folder, 'sharp.cjs');
    const module = new Module(chooser);
    module.filename = chooser;
    module.loaded = true;
    module.exports = binding;
    cache[chooser] = module;
  }
  return nodeRequire(entry) as Sharp;
}

function firstLine(error: unknown): string {
  return textOf(error).split('\n')[0]!;
}
