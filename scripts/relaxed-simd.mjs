// Runs the kernel's tests on a Node that has relaxed SIMD: this one, or the one that comes with the VS Code hosts
// (scripts/vscode-host/install.mjs). Where there is none it fails: then nothing holds that kernel to the plain one.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const platform = `node-${process.platform}-${process.arch}`;
const file = process.platform === 'win32' ? 'node.exe' : 'node';
const hosts = ['latest', 'lowest'].map(host =>
  path.join(root, '.cache/vscode-host', host, 'node_modules', platform, 'bin', file),
);
const since = 24;
const isNew = Number(process.versions.node.split('.')[0]) >= since;
const node = isNew ? process.execPath : hosts.find(existsSync);
if (node === undefined) {
  console.error(`relaxed SIMD needs Node ${since}: run this on one, or node scripts/vscode-host/install.mjs first`);
  process.exitCode = 1;
} else {
  console.log(`tests of the kernel on ${node}`);
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const { status } = spawnSync(node, [vitest, 'run', 'test/kernel', ...process.argv.slice(2)], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, MARGIN_RELAXED_SIMD: '1' },
  });
  process.exitCode = status ?? 1;
}
