// npm run bench -- kernel|embed|train [options]: throughput, with the baseline in the same run. See docs/BENCHMARKS.md.
import { benchKernel } from '../test/bench/kernel/main.mjs';
import { benchEmbed, benchTrain } from '../test/bench/model/main.mjs';

const benches = { kernel: benchKernel, embed: benchEmbed, train: benchTrain };
const [name, ...args] = process.argv.slice(2);
if (!(name in benches)) {
  console.error(`npm run bench -- ${Object.keys(benches).join('|')} [options]`);
  process.exit(2);
}
await benches[name](args);
