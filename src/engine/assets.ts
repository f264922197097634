import path from 'node:path';

/** Where the engine finds what the build put beside it. */
export interface Assets {
  /** the folder of the bundles: workers and `.wasm` files */
  dist: string;
  /** the shipped models, one folder each */
  models: string;
}

/** Assets of a bundle that lies in `dist`, given that bundle's `__dirname`. */
export function assetsBeside(dist: string): Assets {
  return { dist, models: path.join(dist, '..', 'media', 'models') };
}
