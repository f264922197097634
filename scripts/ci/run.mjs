// @ts-check
// Runs every check one after the other, goes on after a failure, and ends with a line such as `812 passed, 0 failed, 3 skipped`.
// A check without tests of its own (lint, packaging) counts as one.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { counts, readCounts, total } from './counts.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const results = path.join(root, 'test-results');
const vsix = path.join(root, '.cache/margin.vsix');
// A run takes well under half an hour; the limits are for one that hangs, on a machine that others use too.
const BUDGET_MS = 80 * 60_000;
const started = Date.now();

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {string[]} command
 * @property {number} minutes it is ended after so long
 * @property {string[]} [reports] test reports that it writes; without any, its exit code is the one result
 * @property {boolean} [vital] without it nothing else makes sense
 * @property {string} [script] package.json's script that must exist for it
 */

/** @type {Step[]} */
const STEPS = [
  { name: 'install', command: ['npm', 'ci', '--no-audit', '--no-fund'], minutes: 15, vital: true },
  { name: 'VS Codes and a browser', command: ['node', 'scripts/vscode-host/install.mjs', '--browser'], minutes: 15 },
  { name: 'build and unit tests', command: ['npm', 'test'], minutes: 20, reports: ['unit.json'] },
  // On the Node that VS Code brings: the one above may be too old for relaxed SIMD, and skips its tests then.
  {
    name: 'kernel by relaxed SIMD',
    command: ['npm', 'run', 'relaxed-simd'],
    minutes: 15,
    reports: ['relaxed-simd.json'],
  },
  { name: 'lint', command: ['npm', 'run', 'lint'], minutes: 15 },
  { name: 'package', command: ['npm', 'run', 'package', '--', '--out', vsix], minutes: 10 },
  ...['latest', 'lowest'].map(host => ({
    name: `${host} VS Code`,
    command: ['npm', 'run', 'test:vscode', '--', '--vsix', vsix, '--host', host],
    minutes: 25,
    reports: [`vscode-${host}.json`],
  })),
  {
    name: 'slow tests',
    command: ['npm', 'run', 'test:slow'],
    minutes: 20,
    reports: ['slow.json'],
    script: 'test:slow',
  },
  {
    name: 'manifests in Python',
    command: ['npm', 'run', 'python'],
    minutes: 20,
    reports: ['python.json'],
    script: 'python',
  },
  // After the step above, which brings the TensorFlow that this builds against.
  {
    name: 'tests on tfjs-node',
    command: ['npm', 'run', 'tfjs-node'],
    minutes: 10,
    reports: ['tfjs-node.json'],
    script: 'tfjs-node',
  },
];

rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
/** @type {{ name: string, seconds: number, counts: import('./counts.mjs').Counts }[]} */
const done = [];
for (const step of STEPS) {
  if (step.script && !scripts[step.script]) continue;
  console.log(`\n== ${step.name}: ${step.command.join(' ')}`);
  const began = Date.now();
  const ok = await run(step);
  const reported = (step.reports ?? []).map(file => readCounts(path.join(results, file)));
  const result = reported.length ? total(reported) : { passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  // A step that fails although its tests pass (a build error, a crash at the end) is a failure too.
  if (!ok && result.failed === 0) result.failed = 1;
  done.push({ name: step.name, seconds: (Date.now() - began) / 1000, counts: result });
  console.log(`== ${step.name}: ${counts(result)} in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  if (step.vital && !ok) break;
}

console.log('\n');
for (const { name, seconds, counts: each } of done) {
  console.log(`${name.padEnd(24)} ${`${seconds.toFixed(0)} s`.padStart(7)}   ${counts(each)}`);
}
if (existsSync(path.join(results, 'latest')) || existsSync(path.join(results, 'lowest'))) {
  console.log('screenshots and logs of what failed are in test-results/');
}
const all = total(done.map(each => each.counts));
process.exitCode = all.failed === 0 ? 0 : 1;
console.log(counts(all));

/**
 * @param {Step} step
 * @returns {Promise<boolean>}
 */
function run({ name, command: [program, ...args], minutes, reports }) {
  const limit = Math.min(minutes * 60_000, BUDGET_MS - (Date.now() - started));
  return new Promise(resolve => {
    const report = reports?.length === 1 ? path.join(results, /** @type {string} */ (reports[0])) : '';
    const child = spawn(/** @type {string} */ (program), args, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CI: '1', MARGIN_REPORT: report, MARGIN_PYTHON_MINUTES: '1' },
      detached: true,
    });
    const timer = setTimeout(
      () => {
        console.log(`${name} is ended: it took longer than ${(limit / 60_000).toFixed(1)} minutes`);
        try {
          process.kill(-(/** @type {number} */ (child.pid)), 'SIGKILL');
        } catch {
          // it ended by itself just now
        }
      },
      Math.max(1000, limit),
    );
    child.once('error', error => {
      console.log(`${name} did not start: ${error.message}`);
      clearTimeout(timer);
      resolve(false);
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (signal) console.log(`${name} was ended by ${signal}`);
      resolve(code === 0);
    });
  });
}
