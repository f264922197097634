// Builds @tensorflow/tfjs-node against a libtensorflow that is already there, for machines where its own download is blocked.
//
//   node scripts/tfjs-node.mjs --out .cache/tfjs-node [--tensorflow FOLDER_OR_WHEEL] [--nodedir FOLDER]
//
// --tensorflow  the `tensorflow` folder of an installed Python package, or a wheel (pip download --no-deps tensorflow-cpu);
//               without it, Python is asked where its tensorflow is. TensorFlow 2.21 is what this was tried with.
// --nodedir     folder with include/node (Node's headers); by default the running Node's own.
//
// Needs a C++ compiler, make and python3 (for node-gyp and to unpack a wheel). Linux only. Afterwards set margin.tfjsNodePath,
// or --tfjs-node on the command line, to the folder that is printed.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const VERSION = '4.22.0';
const { values } = parseArgs({
  options: { out: { type: 'string' }, tensorflow: { type: 'string' }, nodedir: { type: 'string' } },
});
if (process.platform !== 'linux') fail('this script is for Linux; elsewhere npm install fetches a ready binary');
const out = path.resolve(values.out ?? '.cache/tfjs-node');
const nodedir = path.resolve(values.nodedir ?? path.join(path.dirname(process.execPath), '..'));
if (!existsSync(path.join(nodedir, 'include/node/node_api.h'))) {
  fail(`no Node headers in ${nodedir}/include/node: give --nodedir (a Node archive from nodejs.org has them)`);
}
mkdirSync(out, { recursive: true });
const tensorflow = findTensorflow(values.tensorflow);

const root = path.join(out, 'node_modules/@tensorflow/tfjs-node');
if (!existsSync(root)) {
  writeFileSync(path.join(out, 'package.json'), JSON.stringify({ private: true }));
  run('npm', [
    'install',
    `@tensorflow/tfjs-node@${VERSION}`,
    '--save-exact',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ]);
}
stage();
run('npx', ['--no-install', 'node-pre-gyp', 'install', '--build-from-source'], {
  cwd: root,
  env: { npm_config_nodedir: nodedir },
});
prove();
console.log(root);

/** Puts libraries and headers where tfjs-node's binding.gyp looks for them. */
function stage() {
  const deps = path.join(root, 'deps');
  rmSync(deps, { recursive: true, force: true });
  const lib = path.join(deps, 'lib');
  mkdirSync(lib, { recursive: true });
  const link = (target, name) => symlinkSync(target, path.join(lib, name));
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    if (!existsSync(path.join(tensorflow, name))) fail(`${tensorflow} has no ${name}`);
    link(path.join(tensorflow, name), name);
  }
  for (const name of ['libtensorflow.so', 'libtensorflow.so.2.9.1']) link('libtensorflow_cc.so.2', name);
  link('libtensorflow_framework.so.2', 'libtensorflow_framework.so');
  const headers = path.join(tensorflow, 'include');
  const wanted = [
    'tensorflow/c',
    'tensorflow/core/platform',
    'tsl/platform',
    'xla/tsl',
    // where some releases keep what the above include
    'external/local_xla/xla/tsl',
    'external/local_tsl/tsl/platform',
  ];
  for (const folder of wanted) {
    const from = path.join(headers, folder);
    const to = folder.replace(/^external\/local_(xla|tsl)\//, '');
    if (existsSync(from)) cpSync(from, path.join(deps, 'include', to), { recursive: true, dereference: true });
  }
}

function findTensorflow(given) {
  if (given?.endsWith('.whl')) {
    const unpacked = path.join(out, 'wheel');
    if (!existsSync(path.join(unpacked, 'tensorflow')))
      run('python3', ['-m', 'zipfile', '-e', path.resolve(given), unpacked]);
    return path.join(unpacked, 'tensorflow');
  }
  if (given) return path.resolve(given);
  try {
    const where = 'import importlib.util as u; print(u.find_spec("tensorflow").submodule_search_locations[0])';
    return execFileSync('python3', ['-c', where], { encoding: 'utf8' }).trim();
  } catch {
    return fail('Python has no tensorflow: give --tensorflow a package folder or a wheel');
  }
}

/** Loads what was built in a Node of its own and multiplies. */
function prove() {
  const script = `
    const util = require('node:util');
    util.isNullOrUndefined ??= v => v === null || v === undefined;
    util.isArray ??= Array.isArray;
    const tf = require(${JSON.stringify(root)});
    const y = tf.matMul(tf.ones([2, 3]), tf.ones([3, 2])).dataSync();
    if (y.join() !== '3,3,3,3' || tf.getBackend() !== 'tensorflow') throw new Error('wrong result: ' + y);
    console.error('tfjs-node runs, on libtensorflow ' + (tf.backend().binding?.TF_Version ?? 'of unknown version'));`;
  execFileSync(process.execPath, ['-e', script], {
    stdio: 'inherit',
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  });
}

function run(command, args, { cwd = out, env = {} } = {}) {
  console.error(`$ ${command} ${args.join(' ')}`);
  execFileSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] });
}

function fail(message) {
  console.error(`tfjs-node.mjs: ${message}`);
  process.exit(1);
}
