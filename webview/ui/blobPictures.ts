import type { ImageHash } from '../../src/core/types';
import type { Thumbnail } from '../../src/rpc/engine-protocol';
import { Pictures } from './pictures';

/** Pictures that come as bytes and are shown as blob URLs, decoded before they are painted. */
export function blobPictures(
  fetch: (hash: ImageHash, size: number) => Promise<Thumbnail>,
  onChange: () => void,
): Pictures {
  return new Pictures({
    fetch,
    decode: async url => {
      const image = new Image();
      image.src = url;
      await image.decode();
    },
    createUrl: ({ bytes, mime }) => URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mime })),
    releaseUrl: url => {
      URL.revokeObjectURL(url);
    },
    onChange,
  });
}
