import util from 'node:util';

type LegacyUtil = typeof util & {
  isNullOrUndefined?: (value: unknown) => boolean;
  isArray?: (value: unknown) => boolean;
};

/**
 * Puts back `util.isNullOrUndefined` and `util.isArray`, which Node 23 removed and `@tensorflow/tfjs-node` 4.22 still
 * calls. Does nothing where they exist.
 */
export function restoreLegacyUtil(): void {
  const legacy = util as LegacyUtil;
  legacy.isNullOrUndefined ??= value => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
}
