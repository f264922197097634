// @ts-check
// `npm run test:vscode`: packages the extension and tests the package in real VS Codes with a real browser.
//   npm run test:vscode -- [--host latest|lowest]… [--vsix FILE] [what vitest takes: a file's name, -t TITLE]
// Reports and, of tests that fail, screenshots and logs are in test-results/.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { counts, readCounts, total } from './ci/counts.mjs';
import { cache, root, HOST_NAMES } from './vscode-host/hosts.mjs';
import { installHost } from './vscode-host/install.mjs';
import { ensureChromium } from './vscode-host/machine.mjs';

const { values, tokens } = parseArgs({
  options: { host: { type: 'string', multiple: true, default: [...HOST_NAMES] }, vsix: { type: 'string' } },
  allowPositionals: true,
  strict: false,
  tokens: true,
});
const own = new Set(['host', 'vsix']);
const forVitest = tokens.flatMap(token => {
  if (token.kind === 'positional') return [token.value];
  return token.kind === 'option' && !own.has(token.name)
    ? [token.rawName, ...(token.value === undefined ? [] : [token.value])]
    : [];
});

try {
  process.exitCode = main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

function main() {
  const vsix = values.vsix === undefined ? path.join(cache, 'margin.vsix') : path.resolve(String(values.vsix));
  if (values.vsix === undefined) {
    const { status } = node(['scripts/package.mjs', '--out', vsix]);
    if (status !== 0) return 1;
  }
  ensureChromium();
  let failed = false;
  const all = [];
  for (const name of /** @type {string[]} */ (values.host)) {
    installHost(name);
    const report = path.join(root, 'test-results', `vscode-${name}.json`);
    rmSync(report, { force: true });
    rmSync(path.join(root, 'test-results', name), { recursive: true, force: true });
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/real-vscode/vitest.config.mts'];
    const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`];
    const { status, signal } = node([...vitest, ...reporters, ...forVitest], {
      MARGIN_VSIX: vsix,
      MARGIN_VSCODE: name,
    });
    if (signal) console.log(`the tests in the ${name} VS Code were ended by ${signal}`);
    failed ||= status !== 0;
    all.push(readCounts(report));
  }
  console.log(counts(total(all)));
  return failed ? 1 : 0;
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} [env]
 */
function node(args, env = {}) {
  return spawnSync(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
}
