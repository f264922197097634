export { type IndexedLine, LineIndex, type LineIndexOptions, type SortKey, type View } from './lineIndex';
