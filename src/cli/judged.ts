import type { EvaluateResult, ExamplesInfo, IntervalInfo, RetrievalInfo } from '../engine/api';
import { area, columns, percent, spanned } from './tables';
import { counted } from './words';

/** Classes of guesses that are listed one by one. */
const LISTED = 20;

/** What `margin evaluate` says, but for files that cannot be read. */
export function evaluationLines(result: EvaluateResult): string[] {
  const { model, backend, images, metric, retrieval, examples, oneShot, verification, notes } = result;
  return [
    `model ${model} on ${backend}, ${counted(images, 'image')}, ${metric} distance; 95 % intervals in brackets`,
    ...(retrieval ? ownRetrieval(retrieval, result) : []),
    ...(examples ? exampleLines(examples) : []),
    ...(oneShot
      ? [
          `${oneShot.ways}-way one-shot, ${counted(oneShot.trials, 'trial')}`,
          ...columns([
            ['', model, 'raw pixels', 'chance'],
            ['accuracy', spanned(oneShot.accuracy), spanned(oneShot.pixels), percent(oneShot.chance)],
          ]),
        ]
      : []),
    ...(verification ? verificationLines(verification, model) : []),
    ...notes,
  ];
}

/** Figures of retrieval, one a line, beside each other: before and after, or a model and what it must beat. */
export function retrievalTable(judged: readonly (readonly [name: string, info: RetrievalInfo])[]): string[] {
  return columns([['', ...judged.map(([name]) => name)], ...figures(judged.map(([, info]) => info))]);
}

function figures(infos: readonly RetrievalInfo[]): string[][] {
  const row = (name: string, of: (info: RetrievalInfo) => IntervalInfo | undefined) => [
    name,
    ...infos.map(info => {
      const span = of(info);
      return span ? spanned(span) : '';
    }),
  ];
  // recall@1 is P@1 by another name
  const ks = Object.keys(infos[0]?.recallAt ?? {}).filter(k => k !== '1');
  return [
    row('P@1', ({ precisionAt1 }) => precisionAt1),
    ...ks.map(k => row(`Recall@${k}`, ({ recallAt }) => recallAt[Number(k)])),
    row('R-precision', ({ rPrecision }) => rPrecision),
    row('MAP@R', ({ mapAtR }) => mapAtR),
  ];
}

function ownRetrieval(retrieval: RetrievalInfo, { model, pixels, chance }: EvaluateResult): string[] {
  const alone = retrieval.alone > 0 ? `, ${retrieval.alone} alone in their class` : '';
  const guessed = chance && [
    chance.precisionAt1,
    ...Object.keys(retrieval.recallAt).flatMap(k => (k === '1' ? [] : [chance.recallAt[Number(k)] ?? NaN])),
    chance.rPrecision,
    chance.mapAtR,
  ];
  const rows = figures([retrieval, ...(pixels ? [pixels] : [])]);
  return [
    `retrieval by class, ${counted(retrieval.queries, 'query', 'queries')}${alone}`,
    ...columns([
      ['', model, ...(pixels ? ['raw pixels'] : []), ...(guessed ? ['chance'] : [])],
      ...rows.map((row, i) => [...row, ...(guessed ? [percent(guessed[i]!)] : [])]),
    ]),
  ];
}

function verificationLines(info: NonNullable<EvaluateResult['verification']>, model: string): string[] {
  const { pairs, same, threshold, auc, equalErrorRate, fnmrAt, pixels, chance } = info;
  return [
    `verification, ${counted(pairs, 'pair')}, ${same} of them same`,
    ...columns([
      ['', model, 'raw pixels', 'chance'],
      ['AUC', area(auc), area(pixels.auc), chance.toFixed(4)],
      ['equal error rate', spanned(equalErrorRate), spanned(pixels.equalErrorRate), percent(chance)],
      ...Object.entries(fnmrAt).map(([fmr, missed]) => [
        `FNMR at FMR ${percent(Number(fmr))}`,
        spanned(missed),
        spanned(pixels.fnmrAt[fmr]!),
        percent(1 - Number(fmr)),
      ]),
    ]),
    `  threshold at the equal error rate: ${threshold.toPrecision(4)}`,
  ];
}

function exampleLines(info: ExamplesInfo): string[] {
  const { examples, neighbours, queries, passedOver, accuracy, pixels, chance, classes, guessed, guesses } = info;
  const ties = guesses.filter(({ nearTie }) => nearTie).length;
  const how = neighbours === 1 ? 'the nearest' : `the ${neighbours} nearest`;
  const most = [...guessed].filter(({ images }) => images > 0).sort((a, b) => b.images - a.images);
  return [
    `${counted(guesses.length, 'image')} classified by ${how} of ${counted(examples, 'example')}, ${counted(ties, 'near-tie')} (another class at most 5 % farther)`,
    ...columns(
      most
        .slice(0, LISTED)
        .map(({ name, images, nearTies }) => [
          name,
          counted(images, 'image'),
          nearTies > 0 ? counted(nearTies, 'near-tie') : '',
        ]),
    ),
    ...(most.length > LISTED ? [`  … and ${most.length - LISTED} more classes (--json has all)`] : []),
    ...(accuracy && pixels && chance !== undefined
      ? [
          `scored on ${counted(queries, 'image')} whose class is among the examples; ${passedOver} not scored`,
          ...columns([
            ['', 'accuracy', 'asked', 'examples'],
            ['all', spanned(accuracy), String(queries), String(examples)],
            ['raw pixels', spanned(pixels), String(queries), String(examples)],
            ['chance', percent(chance)],
            ...classes.map(each => [each.name, spanned(each.accuracy), String(each.queries), String(each.examples)]),
          ]),
        ]
      : ['not scored: no image has a class that is among those of the examples']),
  ];
}
