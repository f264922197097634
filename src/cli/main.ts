import path from 'node:path';
import { assetsBeside, Engine } from '../engine/api';
import { actionsOn } from './actions';
import { run } from './run';

/** `margin <command> <folder> [options]`: results on stdout, progress on stderr, exit 0 done, 1 failed, 2 usage, 130 cancelled. */
const controller = new AbortController();
process.once('SIGINT', () => {
  controller.abort();
  // A second Ctrl+C is impatience: end at once.
  process.once('SIGINT', () => process.exit(130));
});

// Whoever read the results has enough (`| head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const assets = assetsBeside(path.resolve(__dirname));
const io = { out: process.stdout, err: process.stderr };
void run(process.argv.slice(2), io, options => {
  const engine = new Engine(assets, {
    log: (level, message) => {
      if (!options.quiet && level === 'warn') io.err.write(`${message}\n`);
    },
    changed: () => undefined,
  });
  return { engine, actions: actionsOn(engine, io, controller.signal) };
}).then(code => {
  process.exitCode = code;
});
