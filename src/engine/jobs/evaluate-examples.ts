import { classificationSteps } from '../../core/classification';
import type { Embedded } from '../../core/evaluation';
import type { ExamplesInfo } from '../../rpc/engine-protocol';
import { EngineError } from '../errors';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import { inSlices } from '../slices';

/** Images with their vectors, by the model and as raw pixels. */
export interface Judged {
  images: readonly KnownImage[];
  model: Embedded;
  pixels: Embedded;
}

/**
 * Guesses the class of each of the folder's images from the nearest of the examples. An image that is an example itself, or
 * whose class has no example, is not asked, and counted.
 * @throws EngineError where no image can be asked
 */
export async function judgeByExamples(asked: Judged, examples: Judged, { signal }: JobOptions): Promise<ExamplesInfo> {
  const names = [...new Set(examples.images.flatMap(({ class: name }) => name ?? []))];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const all = [...asked.images, ...examples.images];
  const labels = Int32Array.from(all, ({ class: name }) => (name === null ? -1 : (numbers.get(name) ?? -1)));
  const from = asked.images.length;
  const references = all.map((_, row) => row).filter(row => row >= from && labels[row] >= 0);
  const known = new Set(references.map(row => all[row].hash));
  const queries = [...asked.images.keys()].filter(row => labels[row] >= 0 && !known.has(all[row].hash));
  if (names.length < 2 || queries.length === 0) {
    throw new EngineError(
      'no-examples',
      names.length < 2
        ? `The examples have ${names.length === 0 ? 'no class' : `only one class (“${names[0]}”)`}: there is nothing to tell apart.`
        : `None of the images has a class among those of the examples (${names.slice(0, 5).join(', ')}) without being an example itself.`,
      'Give a folder with a sub-folder of examples for each class, named as the classes of the folder that is evaluated.',
    );
  }
  const judge = (kind: 'model' | 'pixels') =>
    inSlices(classificationSteps(joined(asked[kind], examples[kind]), labels, queries, references), signal);
  const report = await judge('model');
  const counts = new Map<number, number>();
  for (const row of references) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
  return {
    examples: references.length,
    queries: report.queries,
    passedOver: asked.images.length - queries.length,
    accuracy: report.accuracy,
    pixels: (await judge('pixels')).accuracy,
    chance: report.chance,
    classes: report.classes
      .sort((x, y) => x.label - y.label)
      .map(({ label, ...rest }) => ({ name: names[label], examples: counts.get(label)!, ...rest })),
  };
}

function joined(first: Embedded, second: Embedded): Embedded {
  const vectors = new Float32Array(first.vectors.length + second.vectors.length);
  vectors.set(first.vectors);
  vectors.set(second.vectors, first.vectors.length);
  return { ...first, vectors };
}
