import path from 'node:path';
import { exportManifest } from '../../manifest';
import type { KnownPair, MinedRow, Provenance, RowData } from '../../manifest';
import type { ExportParams, ExportResult } from '../../rpc/engine-protocol';
import type { JobOptions } from '../engine';
import { StageProgress } from '../progress';
import type { StoredLane } from '../lanes';
import type { Workspace } from '../workspace';

/** Gathers what is known of the folder and writes (or, as a dry run, only counts) a manifest of it. */
export async function exportFolder(
  workspace: Workspace,
  params: ExportParams,
  options: JobOptions,
): Promise<ExportResult> {
  const { settings, as: shape, format, out, split, seed, from, dryRun } = params;
  const inventory = await workspace.takeInventory(settings, options);
  const progress = new StageProgress('write', options.report);
  const { files, counts, warnings, card } = await exportManifest({
    data: await rowData(workspace, inventory.images),
    shape,
    format,
    from,
    split,
    seed,
    folder: workspace.folder,
    out: path.resolve(workspace.folder, out),
    dryRun,
    signal: options.signal,
    progress: (done, total) => progress.update(done, total),
  });
  return { files, counts, warnings, card };
}

async function rowData(
  workspace: Workspace,
  images: readonly { hash: RowData['images'][number]['hash']; path: string; class: string | null }[],
): Promise<RowData> {
  const { ledger, knowledge, lanes } = workspace;
  const answers: KnownPair[] = [];
  for (const [answer] of ledger.state.standing()) {
    const { a, b, relation, by, at, id } = answer;
    answers.push({ a, b, relation, provenance: await provenanceOf(workspace, id, by, at) });
  }
  return {
    images: images.map(({ hash, path: at, class: name }) => ({
      hash,
      path: at,
      ...(name !== null && { class: name }),
    })),
    answers,
    implied: knowledge.impliedPairs(),
    mined: lanes.all().flatMap(minedRows),
    flagged: new Set(ledger.state.flagged().keys()),
  };
}

/** What the ledger kept of why a pair was asked. */
async function provenanceOf({ ledger }: Workspace, id: string, by: string, at: number): Promise<Provenance> {
  const event = await ledger.event(id);
  const why = (event?.['why'] ?? {}) as Partial<Record<keyof Provenance, never>>;
  const { lane, model, metric, distance, margin, rank } = why;
  return { by, at: new Date(at).toISOString(), lane, model, metric, distance, margin, rank };
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
