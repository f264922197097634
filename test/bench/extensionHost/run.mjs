// @ts-check
// Measures what a person feels of Margin in the editor: activation, and how long the extension host's event loop is held
// while a folder of images is embedded and mined in a real VS Code.
//
//   npm run build -- --release && node test/bench/extensionHost/run.mjs --folder DIR
//
// DIR is opened as it is and gets a .margin folder: pass a copy.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../../scripts/vscode-host/hosts.mjs';
import { installHost } from '../../../scripts/vscode-host/install.mjs';
import { linkExtension, removeProfile, startServer, temporaryProfile } from '../../../scripts/vscode-host/server.mjs';
import { Workbench, launchBrowser } from '../../../scripts/vscode-host/workbench.mjs';

const { values } = parseArgs({
  options: {
    folder: { type: 'string' },
    extension: { type: 'string', default: root },
    host: { type: 'string', default: 'latest' },
  },
});
if (!values.folder) {
  console.error('usage: node test/bench/extensionHost/run.mjs --folder DIR');
  process.exit(2);
}
const folder = path.resolve(values.folder);
const host = installHost(values.host);
const profile = temporaryProfile();
const out = path.join(profile.home, 'probe.json');
linkExtension(profile, path.resolve(values.extension));
linkExtension(profile, path.join(import.meta.dirname, 'probe'));
rmSync(path.join(folder, '.margin'), { recursive: true, force: true });
const server = await startServer(host, profile, { env: { MARGIN_PROBE_OUT: out } });
const { browser, close } = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const workbench = new Workbench(page);
  await workbench.open(server.url(folder));
  await workbench.command('Probe: Measure Mining');
  const deadline = Date.now() + 30 * 60_000;
  while (!existsSync(out)) {
    if (Date.now() > deadline) throw new Error('the probe did not end within 30 minutes');
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  const { node, idle, activation, mining, again } = JSON.parse(readFileSync(out, 'utf8'));
  const ms = (/** @type {number} */ value) => `${value.toFixed(1)} ms`;
  const row = (/** @type {string} */ what, /** @type {typeof mining} */ { ms: time, clock, processor }) => {
    const of = (/** @type {typeof clock} */ { max, p99, p50 }) => [max, p99, p50].map(ms).join(' / ');
    console.log(`${what.padEnd(16)} ${ms(time).padStart(12)}   clock ${of(clock)}   processor ${of(processor)}`);
  };
  console.log(`extension host on Node ${node.slice(1)}, ${folder}`);
  console.log(
    `activation, loading included: ${ms(activation.ms)} by the clock, ${ms(activation.processor)} of processor time${activation.wasActive ? ' (was active already)' : ''}`,
  );
  console.log('the event loop was held for at most / 99 % / 50 % of its turns:');
  row('idle', idle);
  row('embed and mine', mining);
  row('mine again', again);
} finally {
  await close();
  await server.stop();
  removeProfile(profile);
}
