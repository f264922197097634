import { classification, guessSteps, isNearTie } from '../../core/classification';
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
 * Guesses the class of each of the folder's images from the nearest of the examples. An image that is an example itself is
 * not asked. Those whose class is one of the examples' say how good the guesses are, where there are any.
 * @param neighbours nearest examples that vote
 * @throws EngineError where the examples tell nothing apart, or no image can be asked
 */
export async function judgeByExamples(
  asked: Judged,
  examples: Judged,
  neighbours: number,
  { signal }: JobOptions,
): Promise<ExamplesInfo> {
  const names = [...new Set(examples.images.flatMap(({ class: name }) => name ?? []))];
  const numbers = new Map(names.map((name, i) => [name, i]));
  const all = [...asked.images, ...examples.images];
  const labels = Int32Array.from(all, ({ class: name }) => (name === null ? -1 : (numbers.get(name) ?? -1)));
  const from = asked.images.length;
  const references = all.map((_, row) => row).filter(row => row >= from && labels[row] >= 0);
  const known = new Set(references.map(row => all[row].hash));
  const queries = [...asked.images.keys()].filter(row => !known.has(all[row].hash));
  if (names.length < 2 || queries.length === 0) {
    throw new EngineError(
      'no-examples',
      names.length < 2
        ? `The examples have ${names.length === 0 ? 'no class' : `only one class (“${names[0]}”)`}: there is nothing to tell apart.`
        : 'Each of the images is an example itself, so there is none to classify.',
      'Give a folder with a sub-folder of examples for each class, other images than those of the folder that is evaluated.',
    );
  }
  const guess = (kind: 'model' | 'pixels', rows: readonly number[]) =>
    inSlices(guessSteps(joined(asked[kind], examples[kind]), labels, rows, references, neighbours), signal);
  const guesses = await guess('model', queries);
  const scored = queries.filter(row => labels[row] >= 0);
  const report = classification(guesses, labels, references);
  const counts = new Map<number, number>();
  for (const row of references) counts.set(labels[row], (counts.get(labels[row]) ?? 0) + 1);
  return {
    examples: references.length,
    neighbours: Math.min(neighbours, references.length),
    queries: report.queries,
    passedOver: asked.images.length - scored.length,
    ...(scored.length > 0 && {
      accuracy: report.accuracy,
      pixels: classification(await guess('pixels', scored), labels, references).accuracy,
      chance: report.chance,
    }),
    classes: report.classes
      .sort((x, y) => x.label - y.label)
      .map(({ label, ...rest }) => ({ name: names[label], examples: counts.get(label)!, ...rest })),
    guessed: names.map((name, label) => {
      const own = guesses.filter(each => each.label === label);
      return { name, images: own.length, nearTies: own.filter(isNearTie).length };
    }),
    guesses: guesses.map(({ row, label, nearest, distance, agreement, other }) => ({
      path: all[row].paths[0],
      ...(all[row].class !== null && { class: all[row].class }),
      guess: names[label],
      nearest: all[nearest].paths[0],
      distance,
      agreement,
      nearTie: isNearTie({ distance, other }),
    })),
  };
}

function joined(first: Embedded, second: Embedded): Embedded {
  const vectors = new Float32Array(first.vectors.length + second.vectors.length);
  vectors.set(first.vectors);
  vectors.set(second.vectors, first.vectors.length);
  return { ...first, vectors };
}
