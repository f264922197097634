export { exportManifest, type ExportRequest, type ExportResult } from './export';
export { FORMATS, formatOf, type ManifestFormat } from './formats';
export { describeConvention, labelOf, relationOf, type LabelConvention, type NumberConvention } from './labels';
export type { ImageMode, PathStyle } from './layout';
export * from './rows';
export * from './types';
export * from './import';
export * from './lines';
export { readShownRow, type ShownRow } from './shownRow';
