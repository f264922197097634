// Runs the model tests on @tensorflow/tfjs-node: one that npm could install; else one built into .cache/tfjs-node against the
// TensorFlow of scripts/python-readers.mjs (.cache/python, or where MARGIN_PYTHON points). Where none can be had it says why,
// and the tests count as skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, '.cache/tfjs-node');
const built = path.join(out, 'node_modules/@tensorflow/tfjs-node');
const MINUTES = 5;

/** The `tensorflow` folder of the Python environment. */
function findTensorflow() {
  const python = path.resolve(process.env.MARGIN_PYTHON ?? path.join(root, '.cache/python'));
  const lib = path.join(python, 'lib');
  const versions = existsSync(lib) ? readdirSync(lib) : [];
  return versions.map(name => path.join(lib, name, 'site-packages/tensorflow')).find(folder => existsSync(folder));
}

function installed() {
  try {
    const folder = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json'));
    // Its binding; npm keeps the package without one where install scripts are off.
    return existsSync(path.join(folder, 'lib')) ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** The folder of a tfjs-node that runs here, and why there is none otherwise. */
function obtain() {
  const ready = installed();
  if (ready) return { folder: ready };
  if (process.platform !== 'linux') return { why: 'npm could not install it, and it is built on Linux only' };
  const tensorflow = findTensorflow();
  if (!tensorflow)
    return { why: 'npm could not install it, and there is no TensorFlow to build it against (npm run python)' };
  const script = path.join(root, 'scripts/tfjs-node.mjs');
  const command = [script, '--out', out, '--tensorflow', tensorflow];
  const build = spawnSync(process.execPath, command, { stdio: 'inherit', timeout: MINUTES * 60_000 });
  if (build.status === 0) return { folder: built };
  return { why: build.error ? `its build was ended: ${build.error.message}` : 'its build failed, see above' };
}

const { folder, why } = obtain();
console.log(folder ? `tfjs-node is in ${folder}` : `tests on tfjs-node are skipped: ${why}`);
const { status } = spawnSync('npx', ['vitest', 'run', 'test/model/tfjs-node.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
  env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', MARGIN_TFJS_NODE: folder ?? '' },
});
process.exitCode = status ?? 1;
