import path from 'node:path';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import type { ImageHash } from '../../core/types';
import { exportManifest, imagesOf, ManifestError } from '../../manifest';
import type { KnownPair, MinedRow, Provenance, RowData } from '../../manifest';
import type { ExportParams, ExportResult } from '../../rpc/engine-protocol';
import type { Assets } from '../assets';
import { EngineError } from '../errors';
import { nearDuplicates } from '../near-duplicates';
import { StageProgress } from '../progress';
import { refuseEmpty } from './mine';
import type { JobOptions } from '../progress';
import type { KnownImage } from '../inventory';
import type { StoredLane } from '../lanes';
import type { Workspace } from '../workspace';

/** Gathers what is known of the folder and writes (or, as a dry run, only counts) a manifest of it. */
export async function exportFolder(
  workspace: Workspace,
  params: ExportParams,
  assets: Assets,
  options: JobOptions,
): Promise<ExportResult> {
  const { folder, settings, as: shape, out, from, contradicted: decided = 'leave', ...choice } = params;
  const inventory = await workspace.takeInventory(settings, options);
  if (workspace.ledger.state.answers === 0) refuseEmpty(folder, inventory.images, inventory.problems);
  const progress = new StageProgress('write', options.report);
  const implied = workspace.knowledge.impliedPairs(from.includes('implied') ? IMPLIED_LIMIT : 0);
  const contrary = contradicted(workspace);
  const distrusted = decided === 'leave' ? contrary : new Set<ImageHash>();
  const parted = params.split.length > 1 || (params.split[0] ?? 1) > 1;
  const alike = parted ? await nearDuplicates(workspace, inventory.images, assets, options) : { groups: [] };
  const written = exportManifest({
    ...choice,
    data: {
      ...(await rowData(workspace, inventory.images, implied.pairs, distrusted, options.signal)),
      duplicates: alike.groups,
    },
    shape,
    from,
    folder,
    out: path.resolve(folder, out),
    signal: options.signal,
    progress: (done, total) => progress.update(done, total),
  }).catch((error: unknown) => {
    const isEmpty = error instanceof ManifestError && error.code === 'empty-selection';
    if (!isEmpty || distrusted.size === 0) throw error;
    throw new EngineError(
      'contradicted',
      `${error.message} Answers about ${distrusted.size} images contradict each other and were left out.`,
      'Settle them with “Margin: Show Contradictions”.',
    );
  });
  const { files, counts, warnings, card, leakLine, preview, replaced } = await written;
  return {
    files,
    counts,
    card,
    leakLine,
    replaced,
    contradicted: contrary.size,
    warnings: [
      ...warnings,
      ...ownWarnings(from, implied.cut, { images: contrary.size, decided }, differing(workspace)),
      ...(alike.warning === undefined ? [] : [alike.warning]),
    ],
    preview: preview.map(({ part, row }) => ({
      part,
      images: imagesOf(row),
      source: row.source,
      ...(row.kind === 'pair' && row.relation !== null && { relation: row.relation }),
    })),
  };
}

/** What implies more than this is cut, and said to be. */
const IMPLIED_LIMIT = 1_000_000;

/** Images whose answers contradict each other: nothing about them goes into a manifest until that is settled. */
function contradicted({ knowledge }: Workspace): Set<ImageHash> {
  return new Set(knowledge.graph.contradictedComponents().flat());
}

/** Pairs of which people say different things. */
function differing({ ledger }: Workspace): number {
  return ledger.state.disagreements().length;
}

function ownWarnings(
  from: ExportParams['from'],
  cut: boolean,
  contrary: { images: number; decided: 'leave' | 'keep' },
  differ: number,
): string[] {
  const warnings: string[] = [];
  if (contrary.images > 0) {
    const about = `Answers about ${contrary.images} images contradict each other`;
    warnings.push(
      contrary.decided === 'leave'
        ? `${about}: those answers, and what follows from them, were left out.`
        : `${about}: those answers were exported as they were given, because that was asked for; what follows from them was left out.`,
    );
  }
  if (differ > 0) warnings.push(`People differ about ${differ} pairs: those answers were left out.`);
  if (cut && from.includes('implied'))
    warnings.push(`More than ${IMPLIED_LIMIT.toLocaleString('en')} pairs are implied; the rest was left out.`);
  return warnings;
}

async function rowData(
  workspace: Workspace,
  images: readonly KnownImage[],
  implied: readonly KnownPair[],
  distrusted: ReadonlySet<ImageHash>,
  signal: AbortSignal | undefined,
): Promise<RowData> {
  const { ledger, lanes } = workspace;
  const answers = new Map<string, KnownPair>();
  for (const [{ a, b, relation, by, at, id }, ...others] of ledger.state.standing()) {
    if (distrusted.has(a) || distrusted.has(b) || others.some(other => other.relation !== relation)) continue;
    answers.set(id, { a, b, relation, provenance: { by, at: new Date(at).toISOString() } });
  }
  // What the ledger kept of why a pair was asked.
  for await (const event of ledger.eventsOf(answers.keys(), { signal })) {
    const why = (event['why'] ?? {}) as Partial<Record<keyof Provenance, never>>;
    const { lane, model, metric, distance, margin, rank } = why;
    Object.assign(answers.get(event['id'] as string)!.provenance!, { lane, model, metric, distance, margin, rank });
  }
  const mined: MinedRow[] = [];
  for (const lane of lanes.all()) {
    for (const row of minedRows(lane)) mined.push(row);
    await yieldToEvents();
    signal?.throwIfAborted();
  }
  return {
    images: images.map(({ hash, path: at, class: name }) => ({
      hash,
      path: at,
      ...(name !== null && { class: name }),
    })),
    answers: [...answers.values()],
    implied,
    mined,
    flagged: new Set(ledger.state.flagged().keys()),
  };
}

function minedRows({ lane, model, metric, margin, candidates }: StoredLane): MinedRow[] {
  return candidates.map((candidate, rank): MinedRow => {
    const provenance = { lane, model, metric, margin, rank };
    if (candidate.kind === 'pair') {
      return {
        kind: 'pair',
        a: candidate.a,
        b: candidate.b,
        provenance: { ...provenance, distance: candidate.distance },
      };
    }
    const { anchor, positive, negative, positiveDistance, negativeDistance } = candidate;
    return {
      kind: 'triplet',
      anchor,
      positive,
      negative,
      provenance: { ...provenance, positiveDistance, negativeDistance },
    };
  });
}
