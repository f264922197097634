// npm run bench -- kernel [options]: throughput, with the baseline in the same run. See docs/BENCHMARKS.md.
import { benchKernel } from '../test/bench/kernel/main.mjs';

const benches = { kernel: benchKernel };
const [name, ...args] = process.argv.slice(2);
if (!(name in benches)) {
  console.error(`npm run bench -- ${Object.keys(benches).join('|')} [options]`);
  process.exit(2);
}
await benches[name](args);
