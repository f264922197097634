/**
 * What went wrong, in words for a person: `message` says what happened, `hint` what to do.
 * `code` is stable and crosses the rpc; `data.hint` carries the hint.
 */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly data: { hint?: string };
  constructor(
    readonly code: string,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.data = { hint };
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
