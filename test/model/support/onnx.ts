import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

/** An onnxruntime-node: one named by the environment, else one that is installed. */
export function findOnnxRuntime(): string | undefined {
  const named = process.env['MARGIN_ONNXRUNTIME'];
  if (named !== undefined && existsSync(named)) return named;
  try {
    return createRequire(import.meta.url)
      .resolve('onnxruntime-node')
      .replace(/[\\/]dist[\\/].*$/, '');
  } catch {
    return undefined;
  }
}
