import { retrievalSteps, verification } from '../../core/evaluation';
import { VectorStore } from '../../dataset';
import { Relations } from '../../model';
import type { Embedder, HeldOutSplit, TrainingData } from '../../model';
import type { EngineSettings, IntervalInfo, RetrievalInfo } from '../../rpc/engine-protocol';
import type { KnownImage } from '../inventory';
import type { JobOptions } from '../progress';
import { inSlices } from '../slices';
import type { Workspace } from '../workspace';
import { distancesBy } from './train-answers';
import { fillVectors, vectorsOf } from './vectors';

/** What the held-out part says of a model; nothing where it could not be judged. */
export interface HeldOutFigures {
  /** by class, leave one out */
  retrieval?: RetrievalInfo;
  /** by answered pairs: how many, and the area under their ROC curve */
  pairs?: { same: number; different: number };
  auc?: IntervalInfo;
}

/** Judges models by what a training held out of these images, in the way that its split says. */
export function heldOutJudge(
  workspace: Workspace,
  images: readonly KnownImage[],
  data: TrainingData,
  { heldOut, train, judgedBy, among }: HeldOutSplit,
) {
  return async (
    embedder: Embedder & { threads: number },
    settings: EngineSettings,
    options: JobOptions,
  ): Promise<HeldOutFigures> => {
    if (judgedBy === 'nothing' || options.signal?.aborted) return {};
    if (judgedBy === 'answers') {
      const out = new Set(heldOut);
      const pairs = (data.answers ?? []).filter(({ a, b }) => out.has(a) && out.has(b) && a !== b);
      const distances = await distancesBy(workspace, images, pairs, embedder, settings, options);
      const flags = pairs.map(({ relation }) => relation === 'same');
      const same = flags.filter(Boolean).length;
      return { pairs: { same, different: flags.length - same }, auc: verification(distances, flags).auc };
    }
    const rows = [...heldOut, ...(among === 'all' ? train : [])];
    await fillVectors(
      workspace,
      rows.map(row => images[row]),
      embedder,
      settings,
      options,
    );
    const { key, dimension } = vectorsOf(embedder);
    const store = await VectorStore.open(workspace.cache, key, dimension);
    const known = rows.filter(row => store.has(images[row].hash));
    const { vectors } = await store.matrix(known.map(row => images[row].hash));
    const { metric, weights } = embedder;
    const out = new Set(heldOut);
    const relations = new Relations(data.labels, [], data.unknown);
    const isOpen = (a: number, b: number): boolean => relations.isOpen(known[a], known[b]);
    const labels = Int32Array.from(known, row => data.labels[row]);
    const queries = [...known.keys()].filter(i => out.has(known[i]));
    const embedded = { vectors, dimension, metric, ...(weights && { weights }) };
    // Not cut short by a cancel: a training that is cancelled keeps its model, and this is the figure on its card.
    const report = await inSlices(retrievalSteps(embedded, labels, { queries, isOpen }), undefined);
    return report.queries === 0 ? {} : { retrieval: report };
  };
}
