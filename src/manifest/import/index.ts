export { type ColumnMap, type CsvPreview, guessColumns, isComplete, previewCsv } from './columns';
export { Locator } from './locate';
export { detectFormat, MAPPED_CSV, type OpenedManifest, openManifest } from './open';
export { type AnswerDraft, type Conflict, type ImportPlan, type ImportRequest, planImport } from './plan';
