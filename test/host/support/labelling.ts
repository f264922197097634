import type { Place } from '../../../src/host/label/labelController';

/** A folder in which something was mined. */
export const LABELLING: Extract<Place, { kind: 'folder' }> = {
  kind: 'folder',
  ref: {
    folder: '/images',
    settings: { model: 'starter', backend: 'auto', classes: 'folder', exclude: [], svg: false, decoder: 'auto' },
  },
  used: true,
  revealOpinion: false,
  thumbnailSize: 512,
};
