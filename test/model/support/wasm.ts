import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { wasmModules } from '../../../scripts/bundles.mjs';
import { repository } from './bundle';

const sources = path.join(repository, 'src/model/assembly');
const tfjs = path.join(repository, 'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm');

/**
 * A folder with the `.wasm` files that dist/wasm holds, compiled from the sources as they are now; kept under
 * node_modules/.cache by the sources' hash, since the compiler takes seconds.
 */
export function wasmDir(): string {
  const modules = wasmModules.filter(({ source }) => source.startsWith('src/model/'));
  const hash = createHash('sha256').update(JSON.stringify(modules));
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(path.join(sources, file)));
  const cache = path.join(repository, 'node_modules/.cache/margin-wasm');
  const dir = path.join(cache, hash.digest('hex').slice(0, 16));
  if (existsSync(dir)) return dir;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(path.join(cache, 'new-'));
  const asc = path.join(repository, 'node_modules/assemblyscript/bin/asc.js');
  for (const { source, out, flags } of modules) {
    const file = path.join(made, path.basename(out));
    execFileSync(process.execPath, [asc, source, '--outFile', file, ...flags], { cwd: repository, stdio: 'inherit' });
  }
  cpSync(tfjs, path.join(made, path.basename(tfjs)));
  try {
    renameSync(made, dir);
  } catch (error) {
    // Another test process was first.
    if (!existsSync(dir)) throw error;
  }
  return dir;
}
