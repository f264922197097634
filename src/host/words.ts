import * as vscode from 'vscode';
import type { Lane } from '../core/types';
import type { FileProblem, LaneState, MineResult, Progress, Stage } from '../rpc/engine-protocol';
import type { LabelJob } from '../rpc/label-protocol';
import type { Job } from './jobs';

const t = vscode.l10n.t;

/** What people call a lane. */
export function laneTitle(lane: Lane): string {
  switch (lane) {
    case 'hard-triplets':
      return t('Hard Triplets');
    case 'semi-hard-triplets':
      return t('Semi-Hard Triplets');
    case 'hard-negatives':
      return t('Hard Negatives');
    case 'hard-positives':
      return t('Hard Positives');
    case 'uncertain-pairs':
      return t('Uncertain Pairs');
    case 'near-duplicates':
      return t('Near Duplicates');
    case 'label-errors':
      return t('Suspected Label Errors');
    case 'disagreements':
      return t('Disagreements');
  }
}

function stageTitle(stage: Stage): string {
  switch (stage) {
    case 'read':
      return t('Reading the manifest');
    case 'scan':
      return t('Looking for images');
    case 'identify':
      return t('Reading files');
    case 'decode':
      return t('Decoding images');
    case 'embed':
      return t('Embedding images');
    case 'mine':
      return t('Mining');
    case 'write':
      return t('Writing');
    case 'train':
      return t('Training');
    case 'evaluate':
      return t('Evaluating');
  }
}

/** One line such as `Embedding images · 3,120 of 10,000 · 2 min left`. */
export function progressLine({ stage, done, total, secondsLeft }: Progress): string {
  const parts = [stageTitle(stage)];
  if (total > 0) parts.push(t('{0} of {1}', count(done), count(total)));
  else if (done > 0) parts.push(count(done));
  if (secondsLeft !== undefined && Number.isFinite(secondsLeft)) parts.push(timeLeft(secondsLeft));
  return parts.join(' · ');
}

export function describeJob({ what, progress }: Job): LabelJob {
  return progress ? { what, detail: progressLine(progress), progress } : { what };
}

function timeLeft(seconds: number): string {
  if (seconds < 5) return t('a few seconds left');
  if (seconds < 55) return t('{0} s left', Math.ceil(seconds / 5) * 5);
  if (seconds < 3600) return t('{0} min left', Math.ceil(seconds / 60));
  return t('{0} h left', (seconds / 3600).toFixed(1));
}

export function count(n: number): string {
  return n.toLocaleString(vscode.env.language);
}

export function bytes(n: number): string {
  if (n < 1024) return t('{0} bytes', count(n));
  const units = ['KiB', 'MiB', 'GiB'];
  let value = n / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]!}`;
}

/** What mining found, for the message after it. */
export function mineSummary({ lane, kept, report, problems }: MineResult): string {
  const parts = [
    lane.total === 1
      ? t('{0}: 1 candidate from {1} images', laneTitle(lane.lane), count(report.images))
      : t('{0}: {1} candidates from {2} images', laneTitle(lane.lane), count(lane.total), count(report.images)),
  ];
  if (report.groups) parts.push(t('{0} images in {1} groups', count(report.groups.images), count(report.groups.count)));
  if (report.partial) parts.push(t('cancelled before the end'));
  if (report.recall !== undefined)
    parts.push(t('by an index that sees {0} % of the best pairs', count(Math.round(100 * report.recall))));
  if (lane.settled > 0) parts.push(t('{0} already answered', count(lane.settled)));
  return [`${parts.join(', ')}.`, kept ? keptSummary(kept) : '', problemSummary(problems)].filter(Boolean).join(' ');
}

/** That a cancelled run took nothing away. */
function keptSummary({ total, remaining }: LaneState): string {
  return total === 1
    ? t('What was mined before was kept: 1 candidate.')
    : t('What was mined before was kept: {0} candidates, {1} left.', count(total), count(remaining));
}

/** Lanes whose rule turns on the margin (`whyIgnored` of core's choices has the whole table). */
const BY_MARGIN: readonly Lane[] = ['hard-triplets', 'semi-hard-triplets', 'hard-negatives', 'uncertain-pairs'];

/** What of a report's counts is of candidates, and not of images or of pairs that no lane would have asked about. */
const CANDIDATES_LEFT_OUT = ['answered', 'perImage', 'perClassPair', 'perDuplicateGroup', 'implied'];

/** Why mining found nothing, and what may help. */
export function nothingFound({ lane, report }: MineResult): string {
  const title = laneTitle(lane.lane);
  const leftOut = CANDIDATES_LEFT_OUT.reduce((sum, name) => sum + (report.leftOut[name] ?? 0), 0);
  if (leftOut > 0) {
    return t(
      '{0}: nothing is left to ask. {1} candidates were left out, because they are answered or over a cap.',
      title,
      count(leftOut),
    );
  }
  if (!BY_MARGIN.includes(lane.lane)) {
    return t(
      '{0}: none found among {1} images in {2} classes. Try another distance or another lane.',
      title,
      count(report.images),
      count(report.classes),
    );
  }
  return t(
    '{0}: none found among {1} images in {2} classes at margin {3}. Try a larger margin, another distance or another lane.',
    title,
    count(report.images),
    count(report.classes),
    lane.margin,
  );
}

export function problemSummary(problems: readonly FileProblem[]): string {
  if (problems.length === 0) return '';
  return problems.length === 1
    ? t('1 file could not be read.')
    : t('{0} files could not be read.', count(problems.length));
}

/** A lane's row: how much is left. */
export function laneLeft({ remaining, total }: LaneState): string {
  return remaining === 0 ? t('done') : t('{0} of {1} left', count(remaining), count(total));
}
