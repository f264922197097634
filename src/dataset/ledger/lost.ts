import type { ImageHash } from '../../core/types';
import type { Ledger } from './ledger';

/** An image that answers speak of and that is no longer in the folder. */
export interface LostImage {
  image: ImageHash;
  /** standing answers that it carries along */
  answers: number;
  /** where it was last seen by an answer */
  path?: string;
  /** the content that lies there now: the file was edited, and its answers are about what it was */
  now?: ImageHash;
}

/**
 * Images that answers speak of and the folder does not hold: deleted, or edited, which makes them other images. Moved and
 * renamed ones are not among them, for an image is its content.
 * @param present what the folder holds now, by relative path with forward slashes
 */
export async function lostImages(ledger: Ledger, present: ReadonlyMap<string, ImageHash>): Promise<LostImage[]> {
  const there = new Set(present.values());
  const lost: LostImage[] = [];
  for (const [image, { answers, lastEvent }] of ledger.state.mentioned()) {
    if (there.has(image)) continue;
    const path = pathOf(await ledger.event(lastEvent), image);
    const now = path === undefined ? undefined : present.get(path);
    lost.push({ image, answers, ...(path !== undefined && { path }), ...(now !== undefined && { now }) });
  }
  return lost.sort((x, y) => y.answers - x.answers || (x.image < y.image ? -1 : 1));
}

/** The path that an event gives an image, if any. */
function pathOf(event: Record<string, unknown> | undefined, image: ImageHash): string | undefined {
  if (event === undefined) return undefined;
  if (event['image'] === image) return typeof event['path'] === 'string' ? event['path'] : undefined;
  const paths = event['paths'];
  const path: unknown = Array.isArray(paths) ? paths[event['a'] === image ? 0 : 1] : undefined;
  return typeof path === 'string' && path !== '' ? path : undefined;
}
