// Makes a Python environment with the libraries that read manifests, for test/manifest/python. It lies outside of the
// repository's files (.cache/python, or where MARGIN_PYTHON points), and is made once. Whatever cannot be had is said and
// passed over: the tests that need it then count as skipped.
//
//   node scripts/python-readers.mjs          make it
//   node scripts/python-readers.mjs --run    make it, then run the tests in it
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const folder = path.resolve(process.env.MARGIN_PYTHON ?? path.join(root, '.cache', 'python'));
const python = path.join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
const MINUTES = Number(process.env.MARGIN_PYTHON_MINUTES ?? 5);

/** What to install, small before large; `module` is how Python imports it. */
const GROUPS = [
  { modules: ['datasets', 'pandas', 'pyarrow', 'PIL'], install: ['datasets', 'pandas', 'pyarrow', 'pillow'] },
  { modules: ['tensorflow'], install: [process.platform === 'darwin' ? 'tensorflow' : 'tensorflow-cpu'] },
  { modules: ['torch'], install: ['torch'] },
  {
    modules: ['pytorch_metric_learning', 'sentence_transformers', 'accelerate'],
    install: ['pytorch-metric-learning', 'sentence-transformers', 'accelerate'],
    after: 'torch',
  },
  // only its checker is used, which needs little of what the library needs
  { modules: ['gdown', 'validators'], install: ['gdown', 'validators'] },
  { modules: ['oml', 'omegaconf'], install: ['--no-deps', 'open-metric-learning', 'omegaconf'], after: 'torch' },
];

function makeEnvironment() {
  if (existsSync(python)) return true;
  for (const command of process.platform === 'win32' ? ['python', 'py'] : ['python3', 'python']) {
    const made = spawnSync(command, ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
    if (made.status === 0) return true;
  }
  console.log('No Python with venv was found: the tests that load manifests in Python will be skipped.');
  return false;
}

function missing(modules) {
  const code = 'import importlib.util, sys; print(*[m for m in sys.argv[1:] if importlib.util.find_spec(m) is None])';
  return execFileSync(python, ['-c', code, ...modules], { encoding: 'utf8' })
    .trim()
    .split(/\s+/)
    .filter(name => name !== '');
}

if (makeEnvironment()) {
  for (const { modules, install, after } of GROUPS) {
    if (missing(modules).length === 0) continue;
    if (after && missing([after]).length > 0) {
      console.log(`${modules.join(', ')}: skipped, there is no ${after}`);
      continue;
    }
    console.log(`installing ${install.join(' ')} (at most ${MINUTES} minutes)`);
    spawnSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...install], {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: MINUTES * 60_000,
    });
  }
  for (const { modules } of GROUPS) {
    const gone = missing(modules);
    for (const name of modules)
      console.log(`${name}: ${gone.includes(name) ? 'missing, its tests are skipped' : 'there'}`);
  }
}

if (process.argv.includes('--run')) {
  const run = spawnSync('npx', ['vitest', 'run', 'test/manifest/python'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: { ...process.env, MARGIN_PYTHON: folder },
  });
  process.exitCode = run.status ?? 1;
}
