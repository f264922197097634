import { ManifestError } from '../types';
import { csv } from './csv';
import type { ManifestFormat } from './format';
import { imagefolder } from './imagefolder';
import { jsonl } from './jsonl';
import { lfw } from './lfw';
import { openMetricLearning } from './openMetricLearning';
import { parquet } from './parquet';
import { pytorchMetricLearning } from './pytorchMetricLearning';
import { sentenceTransformers, sentenceTransformersTuples } from './sentenceTransformers';
import { tfrecord } from './tfrecord';

/** Every format, in the order in which a person is offered them. */
export const FORMATS: readonly ManifestFormat[] = [
  jsonl,
  csv,
  parquet,
  sentenceTransformers,
  sentenceTransformersTuples,
  imagefolder,
  pytorchMetricLearning,
  openMetricLearning,
  lfw,
  tfrecord,
];

/** @throws ManifestError `unknown-format`, naming those there are */
export function formatOf(id: string): ManifestFormat {
  const format = FORMATS.find(one => one.id === id);
  if (format) return format;
  throw new ManifestError(
    'unknown-format',
    `There is no format "${id}". Choose one of: ${FORMATS.map(one => one.id).join(', ')}.`,
  );
}

export type { ManifestFormat, Snippet, WriteRequest, WriteResult } from './format';
