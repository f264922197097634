import type { IntervalInfo, TrainResult } from '../engine/api';

/** Still violated answers named in text; `--json` lists them all. */
const NAMED = 10;

type OldAnswers = NonNullable<TrainResult['answers']>;

/** How held-out images are kept apart, and what they are found among where that is not each other. */
export function keptApart({ heldOutBy, amongAll }: TrainResult): string {
  return `${heldOutBy}${amongAll ? ', found among all images' : ''}`;
}

/** What a checkpoint meant for a training: gone on from, or of other data and left. */
export function checkpointLines({
  resumedFrom = 0,
  otherData,
}: {
  resumedFrom?: number;
  otherData?: number;
}): string[] {
  return [
    ...(resumedFrom > 0 ? [`resumed from epoch ${resumedFrom}`] : []),
    ...(otherData !== undefined
      ? [
          `begun anew: the same choices had come to epoch ${otherData}, on other answers, flags, classes or images than there are now`,
        ]
      : []),
  ];
}

/** What a training began from, a line each. */
export function startLines(result: TrainResult): string[] {
  const { mined } = result;
  return [
    ...checkpointLines(result),
    ...(mined
      ? [
          `mined triplets: ${mined.triplets} of the ${mined.stored} that “${mined.model}” found were learned from${mined.triplets < mined.stored ? '; the others have images that are held out, flagged or gone, or were answered otherwise' : ''}`,
        ]
      : []),
  ];
}

/** How good it is on held-out answers, why no better judged, and what it says of old answers: a line each. */
export function judgedLines(result: TrainResult): string[] {
  const { modelBefore, pairs, heldOutWhy, answers } = result;
  const model = modelBefore === undefined ? '' : ` (${modelBefore})`;
  return [
    ...(pairs
      ? [
          `held out by ${keptApart(result)}, ${pairs.same} same and ${pairs.different} different pairs: AUC ${[
            ...(pairs.before ? [`before${model} ${areaText(pairs.before)}`] : []),
            ...(pairs.after ? [`after ${areaText(pairs.after)}`] : []),
          ].join(', ')}`,
        ]
      : []),
    ...(heldOutWhy === undefined ? [] : [heldOutWhy]),
    ...(answers ? answerLines(answers) : []),
  ];
}

function answerLines({ judged, violated, unsaid, same, compared, stillViolated = [] }: OldAnswers): string[] {
  if (unsaid === 'one-kind')
    return [
      `old answers: all ${judged} say ${same > 0 ? 'same' : 'different'}; which of them it violates shows only beside answers of the other kind`,
    ];
  if (unsaid === 'no-order')
    return [
      `old answers: it puts those that say same no nearer than those that say different, so no threshold tells which of the ${judged} it violates`,
    ];
  if (!compared) return [`old answers that it violates: ${violated} of ${judged}`];
  const { model, violatedBefore, nowEasy, newlyViolated } = compared;
  const named = stillViolated.slice(0, NAMED);
  const rest = compared.stillViolated - named.length;
  return [
    `old answers that it violates: ${violated} of ${judged}; “${model}” violated ${violatedBefore}: ${nowEasy} of them are easy now, ${compared.stillViolated} are still violated (hard, or wrong), ${newlyViolated} are newly violated`,
    ...named.map(
      ({ a, b, relation, before, after }) =>
        `  ${a} and ${b}: answered ${relation}, distance ${before.toPrecision(3)} before, ${after.toPrecision(3)} now`,
    ),
    ...(rest > 0 ? [`  … and ${rest} more (--json lists them, at most 1000)`] : []),
  ];
}

/** `0.812 (95 %: 0.774 to 0.846)`: an area with its interval, in a line of text. */
export function areaText({ value, low, high }: IntervalInfo): string {
  return `${value.toFixed(3)} (95 %: ${low.toFixed(3)} to ${high.toFixed(3)})`;
}
