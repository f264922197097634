import path from 'node:path';
import { assetsBeside } from '../../src/engine/assets';
import type { EngineSettings } from '../../src/rpc/engine-protocol';

/** A person's settings as they come: the shipped starter, classes by folder. */
export const SETTINGS: EngineSettings = {
  model: 'starter',
  backend: 'auto',
  classes: 'folder',
  exclude: [],
  svg: false,
  by: 'ada@example.org',
  decoder: 'auto',
};

/** Where the bundles lie. */
export const DIST = process.env['MARGIN_DIST'] ?? path.resolve(import.meta.dirname, '../../dist');

/** What the engine needs beside its code: the built workers and the models that come with it. */
export const builtAssets = () => assetsBeside(DIST);
