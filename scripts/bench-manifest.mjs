// Measures what the manifest editor waits for, in the engine, on a file of a million pairs (or so many as are named).
//   node scripts/bench-manifest.mjs [ROWS]
import { withBench } from './bench-engine.mjs';

await withBench('test/bench/manifest.ts', ({ benchManifest }) => benchManifest(Number(process.argv[2] ?? 1_000_000)));
