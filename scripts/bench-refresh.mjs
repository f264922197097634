// Measures, in the engine, what a person waits for after a verdict in a lane of 100,000 candidates (or so many as named).
//   node scripts/bench-refresh.mjs [CANDIDATES] [ANSWERS]
import { withBench } from './bench-engine.mjs';

const [candidates = 100_000, answers = 1000] = process.argv.slice(2).map(Number);
await withBench('test/bench/refresh.ts', async ({ benchRefresh }) => {
  console.log(JSON.stringify(await benchRefresh(candidates, answers), null, 1));
});
