// What the other rooms see of the images on disk; the ledger has a door of its own (`./ledger`).

export { classOf, type ClassRule } from './classes';
export type { Changes } from './changes';
export { createDecoder, Decoder, type DecoderOptions, type Picture, type ReadOptions } from './decoder';
export { DatasetError, type DatasetErrorCode } from './errors';
export { globMatcher } from './glob';
export { identify, type ClassConflict, type Identified, type Image } from './identify';
export { ImageIndex, type IndexEntry } from './image-index';
export { MarginFolder, type MarginFolderOptions } from './margin-folder';
export { PictureError, type PictureErrorCode } from './picture-error';
export { PixelSource, type MissingPicture, type PixelSourceOptions, type PlacedImage } from './pixel-source';
export { BACKGROUND, pixelKey, type PixelSpec } from './pixel-spec';
export { PixelStore } from './pixel-store';
export { RejectedImages } from './rejected';
export { makeFolder, writeAtomically } from './atomic';
export { openRoot } from './root';
export { scanFolder, type FileProblem, type FoundFile, type Scan, type ScanOptions } from './scan';
export type { DecoderBuild, DecoderChoice, DecoderInfo } from './sharp-loader';
export { ThumbnailCache, type ThumbnailCacheOptions } from './thumbnail-cache';
export { vectorKey, VectorStore, type Matrix } from './vector-store';
