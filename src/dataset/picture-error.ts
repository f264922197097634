export type PictureErrorCode =
  'missing' | 'unreadable' | 'changed' | 'unsupported' | 'damaged' | 'too-large' | 'too-slow' | 'no-memory';

/** Why one file gives no picture. `message` is a sentence for a person; it never stops a run. */
export class PictureError extends Error {
  override readonly name = 'PictureError';
  constructor(
    readonly code: PictureErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Whether the same bytes will fail again: then the failure may be remembered by the content's hash. */
  get lasting(): boolean {
    return this.code === 'unsupported' || this.code === 'damaged' || this.code === 'too-large';
  }
}
