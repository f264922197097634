// @ts-check
// `npm start`: builds the extension and opens a real VS Code on sample images, in whatever browser visits the address.
//   npm start -- [--folder DIR] [--port N] [--host NAME] [--address IP] [--no-build]
import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { cache, root, vscodeVersion } from './vscode-host/hosts.mjs';
import { installHost } from './vscode-host/install.mjs';
import { lastingProfile, linkExtension, startServer } from './vscode-host/server.mjs';

const USAGE = `usage: npm start -- [options]
  --folder DIR   images to open (default: sample images, made on the first start)
  --port N       (default: a free one)
  --address IP   to listen on (default: 127.0.0.1, this machine alone)
  --host NAME    latest or lowest supported VS Code (default: latest)
  --no-build     use dist/ as it is`;

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  if (!options) return;
  const folder = options.folder ? path.resolve(options.folder) : undefined;
  if (folder && !(existsSync(folder) && statSync(folder).isDirectory())) throw new Error(`${folder} is not a folder.`);
  if (!existsSync(path.join(root, 'node_modules'))) throw new Error('Run npm ci first: node_modules is missing.');

  if (!options['no-build'])
    execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs')], { stdio: 'inherit' });
  // Only now: it needs sharp, and a person without node_modules deserves the message above.
  const { sampleImages } = await import('./sample-images.mjs');
  const images = folder ?? (await sampleImages());

  const host = installHost(options.host);
  const profile = lastingProfile(path.join(cache, 'start'), { 'window.title': 'Margin' });
  linkExtension(profile, root);
  const server = await startServer(host, profile, {
    port: options.port,
    address: options.address,
    token: randomBytes(16).toString('hex'),
  });

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    console.log('\nstopping');
    await server.stop();
  };
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => void stop());

  console.log(`
VS Code ${vscodeVersion(host)} with Margin, on ${path.relative('.', images) || images}:

  ${server.url(images)}

Open it in a browser, press F1 and run "Margin: Mine Hard Triplets". Ctrl+C here stops everything.`);
  await server.exited;
  if (!stopping) throw new Error(`The VS Code server ended by itself:\n${server.output().slice(-2000)}`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        folder: { type: 'string' },
        port: { type: 'string', default: '0' },
        address: { type: 'string', default: '127.0.0.1' },
        host: { type: 'string', default: 'latest' },
        'no-build': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new Error(`--port ${values.port}: not a port`);
    if (!values.help) return { ...values, port };
    console.log(USAGE);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n${USAGE}`);
    process.exitCode = 2;
  }
  return undefined;
}
