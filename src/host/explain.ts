import { RpcError } from '../rpc/rpc';

/** What happened and, where the thrower knows it, what to do. */
export function explain(error: unknown): { message: string; hint?: string } {
  const message = error instanceof Error ? error.message : String(error);
  const data: unknown = error instanceof RpcError ? error.data : undefined;
  const hint = typeof data === 'object' && data !== null ? (data as { hint?: unknown }).hint : undefined;
  return typeof hint === 'string' ? { message, hint } : { message };
}
