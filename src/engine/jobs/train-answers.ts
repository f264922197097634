import { rowDistance } from '../../core/distances';
import { calibrate } from '../../core/relations';
import { VectorStore } from '../../dataset';
import type { Answer, Embedder } from '../../model';
import type { TrainParams } from '../../rpc/engine-protocol';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import type { Workspace } from '../workspace';
import { fillVectors, vectorsOf } from './vectors';

const IMPLIED_LIMIT = 200_000;

/** What is known of pairs of these images, by answers and by what follows from them; contradicted answers are left out. */
export function answersAmong({ knowledge }: Workspace, images: readonly KnownImage[]): Answer[] {
  const rows = new Map(images.map(({ hash }, row) => [hash, row]));
  const answers: Answer[] = [];
  const { graph } = knowledge;
  const add = (a: KnownImage['hash'], b: typeof a, relation: string | undefined) => {
    const [i, j] = [rows.get(a), rows.get(b)];
    if (i !== undefined && j !== undefined && (relation === 'same' || relation === 'different'))
      answers.push({ a: i, b: j, relation });
  };
  for (const { a, b } of graph.judged()) if (!graph.known(a, b)?.contradicted) add(a, b, knowledge.known(a, b));
  for (const { a, b, relation } of knowledge.impliedPairs(IMPLIED_LIMIT).pairs) add(a, b, relation);
  return answers;
}

/** How many old answers the model still violates, at the threshold that best separates them. */
export async function oldAnswers(
  workspace: Workspace,
  embedder: Embedder & { threads: number },
  images: readonly KnownImage[],
  settings: TrainParams['settings'],
  options: JobOptions,
) {
  const pairs = [...workspace.knowledge.graph.judged()].flatMap(({ a, b, judgements: [{ relation }] }) =>
    relation === 'incomparable' ? [] : [{ a, b, relation }],
  );
  if (pairs.length === 0) return undefined;
  const rows = new Map(images.map((image, row) => [image.hash, row]));
  const usable = pairs.filter(({ a, b }) => rows.has(a) && rows.has(b));
  const wanted = [...new Set(usable.flatMap(({ a, b }) => [a, b]))];
  await fillVectors(
    workspace,
    wanted.map(hash => images[rows.get(hash)!]),
    embedder,
    settings,
    { report: options.report },
  );
  const { key, dimension } = vectorsOf(embedder);
  const store = await VectorStore.open(workspace.cache, key, dimension);
  const { vectors } = await store.matrix(wanted);
  const place = new Map(wanted.map((hash, row) => [hash, row]));
  const between = rowDistance(embedder.metric, dimension, embedder.weights);
  const measured = usable.map(({ a, b, relation }) => ({
    relation,
    distance: between(vectors, place.get(a)!, vectors, place.get(b)!) as number,
  }));
  const threshold = calibrate(measured)?.threshold;
  if (threshold === undefined) return undefined;
  return {
    judged: measured.length,
    violated: measured.filter(({ relation, distance }) => distance <= threshold !== (relation === 'same')).length,
  };
}
