import type { MineResult, PairItem, RankedItem } from '../engine/api';
import { whyIgnored } from '../engine/api';
import { counted } from './words';

/** Candidates kept where nobody says how many. */
export const TOP = 1000;
/** Candidates told in words; `--json` gives more, `--out` writes all. */
const TOLD = 10;
const GIVEN = 100;

/** How many candidates a command line shows, and how many it needs to have at hand. */
export function wantedItems({ json, top, out }: { json?: boolean; top?: number; out?: string }): {
  shown: number;
  needed: number;
} {
  const shown = json ? (top ?? GIVEN) : TOLD;
  return { shown, needed: out === undefined ? shown : Math.max(shown, top ?? TOP) };
}

/** The object of `--json`: what the lane's rule does not heed is left out, and the best candidates are in. */
export function mineObject({ items = [], lane, kept, ...rest }: MineResult, shown: number): object {
  return { lane: heeded(lane), ...(kept && { kept: heeded(kept) }), ...rest, candidates: items.slice(0, shown) };
}

function heeded({ margin, ...lane }: MineResult['lane']): object {
  return whyIgnored('margin', lane) === undefined ? { ...lane, margin } : lane;
}

/** What was mined, in lines for a person. */
export function mineLines({ lane, kept, report, items = [] }: MineResult): string[] {
  const leftOut = Object.entries(report.leftOut).filter(([, count]) => count > 0);
  const told = items.slice(0, TOLD);
  const { groups } = report;
  return [
    `${counted(lane.total, 'candidate')} (${report.found} found) in ${report.seconds.toFixed(2)} s${report.partial ? ', cut short' : ''}`,
    ...(kept
      ? [`not stored: the lane mined before, of ${counted(kept.total, 'candidate')}, was kept`]
      : report.partial
        ? ['stored as a part of the lane']
        : []),
    ...(groups ? [`${counted(groups.images, 'image')} in ${counted(groups.count, 'group')}`] : []),
    [
      `${counted(report.images, 'image')}, ${counted(report.classes, 'class', 'classes')}, ${lane.metric} distance`,
      ...turns(lane, report),
      `${report.kernel} on ${counted(report.threads, 'thread')}`,
    ].join(', '),
    ...(leftOut.length > 0 ? [`left out: ${leftOut.map(([guard, count]) => `${guard} ${count}`).join(', ')}`] : []),
    ...report.notes,
    ...(told.length < lane.total && told.length > 0 ? [`the best ${told.length} (--out writes all):`] : []),
    ...told.flatMap(candidateLines),
  ];
}

/** The numbers that the lane's rule turned on. */
function turns({ lane, margin }: MineResult['lane'], { threshold }: MineResult['report']): string[] {
  const at = threshold === undefined ? '' : short(threshold);
  switch (lane) {
    case 'hard-triplets':
    case 'semi-hard-triplets':
    case 'hard-negatives':
      return [`margin ${margin}`];
    case 'hard-positives':
      return at ? [`farther than ${at}, the quantile`] : [];
    case 'uncertain-pairs':
      return at ? [`around the threshold ${at}`] : [];
    case 'near-duplicates':
      return at ? [`reach ${at}`] : [];
    case 'label-errors':
      return [];
  }
}

function candidateLines(item: RankedItem): string[] {
  const place = `${item.rank + 1}.`.padStart(5);
  const reason = item.reason === undefined ? [] : [`      ${item.reason}`];
  if (item.kind === 'triplet') {
    const { anchor, positive, negative, positiveDistance, negativeDistance } = item;
    return [
      `${place} ${anchor.path}, positive ${positive.path} at ${short(positiveDistance)}, negative ${negative.path} at ${short(negativeDistance)}`,
      ...reason,
    ];
  }
  return [`${place} ${item.a.path} and ${item.b.path}${aside(item)}`, ...reason];
}

function aside({ distance, group }: PairItem): string {
  return [
    ...(distance === undefined ? [] : [`, distance ${short(distance)}`]),
    ...(group ? [`, group ${group.number} of ${counted(group.size, 'image')}`] : []),
  ].join('');
}

const short = (distance: number) => String(Number(distance.toPrecision(4)));
