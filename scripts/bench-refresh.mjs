// Measures, in the engine, what a person waits for after a verdict in a lane of 100,000 candidates (or so many as named).
// COMPONENT images are known to be the same from the start.
//   node scripts/bench-refresh.mjs [CANDIDATES] [ANSWERS] [COMPONENT]
import { withBench } from './bench-engine.mjs';

const [candidates = 100_000, answers = 1000, component = 1] = process.argv.slice(2).map(Number);
await withBench('test/bench/refresh.ts', async ({ benchRefresh }) => {
  console.log(JSON.stringify(await benchRefresh(candidates, answers, component), null, 1));
});
