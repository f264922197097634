import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type {
  AnswersMapInfo,
  IntervalInfo,
  MapInfo,
  OldAnswersInfo,
  RetrievalInfo,
  TrainResult,
} from '../../src/rpc/engine-protocol';
import type { TrainCommand, TrainState } from '../../src/rpc/train-protocol';
import { icon } from '../ui/icons';
import { t } from '../ui/text';
import type { ViewContext } from './context';
import { durationText, percent, spanText } from './numbers';
import { buttonsView } from './buttonsView';

/** A finished training: what it is worth, before and after, and what to do with it. */
export function resultView(state: Extract<TrainState, { kind: 'done' }>, context: ViewContext): TemplateResult {
  const { result, run, inUse } = state;
  const { after, before, answers, problems } = result;
  const buttons: [TrainCommand, string][] = inUse
    ? [['mineAgain', t('Mine Again')]]
    : isBetter(result)
      ? [
          ['mineAgain', t('Use This Model and Mine Again')],
          ['useModel', t('Use This Model')],
        ]
      : [];
  return html`
    <p class="outcome">${outcomeText(result)}</p>
    ${inUse ? html`<p class="in-use">${icon('check')}<span>${t('This model is in use: it embeds the images of this folder.')}</span></p>` : nothing}
    ${
      isBetter(result)
        ? nothing
        : html`<p class="no-better">
            ${icon('warning')}<span
              >${t('No better than before on what was held out, so the model is what it was: there is no reason to use it. More answers, or more images, may change that.')}</span
            >
          </p>`
    }
    ${buttonsView([...buttons, ['evaluate', t('Evaluate…')], ['openFolder', t('Open Model Folder')]], context)}
    ${result.map ? mapView(result.map) : after ? beforeAndAfter(after, before, result.modelBefore ?? run.modelBefore, heldOutWords(after, result)) : result.pairs ? pairsView(result, result.pairs) : notJudged(result)}
    ${answers ? answersView(answers, context) : nothing}
    ${
      problems.length === 0
        ? nothing
        : html`<p class="muted">
            ${problems.length === 1 ? t('1 file could not be read.') : t('{0} files could not be read.', problems.length)}
            <button
              class="link"
              @click=${() => {
                context.run('showLog');
              }}
            >
              ${t('Show Log')}
            </button>
          </p>`
    }
  `;
}

/** A model that is no better than what it began from is what it began from. */
function isBetter({ map, unchanged }: TrainResult): boolean {
  return unchanged !== true && map?.better !== false;
}

function outcomeText({
  ended,
  epochs,
  seconds,
  images,
  classes,
  resumedFrom,
  otherData,
  mined,
  backend,
  map,
}: TrainResult): string {
  const time = durationText(seconds);
  if (map?.learned === 'classes')
    return t('Learned from {0} images of {1} classes in {2}, on top of “{3}”', images, classes, time, map.from);
  if (map) return t('Learned from answers about {0} images in {1}, on top of “{2}”', images, time, map.from);
  const how = {
    finished: t('Trained for {0} epochs in {1}', epochs, time),
    early: t('Stopped early after {0} epochs in {1}: the held-out figure no longer got better', epochs, time),
    time: t('Stopped at the time limit after {0} epochs in {1}', epochs, time),
    cancelled: t('Cancelled after {0} epochs in {1}; the best so far is kept', epochs, time),
  }[ended];
  return [
    how,
    classes > 0 ? t('{0} images, {1} classes', images, classes) : t('{0} images', images),
    ...(mined ? [t('{0} mined triplets', mined.triplets)] : []),
    ...(otherData !== undefined
      ? [t('begun anew: the same choices had come to epoch {0} on other data than there is now', otherData)]
      : []),
    ...(resumedFrom > 0 ? [t('taken up again after epoch {0}', resumedFrom)] : []),
    t('computed by {0}', backend),
  ].join(' · ');
}

function beforeAndAfter(
  after: RetrievalInfo,
  before: RetrievalInfo | undefined,
  modelBefore: string,
  how: string,
): TemplateResult {
  const rows: [string, (info: RetrievalInfo) => IntervalInfo | undefined][] = [
    ['P@1', ({ precisionAt1 }) => precisionAt1],
    ...Object.keys(after.recallAt)
      .filter(notOne)
      .map((k): [string, (info: RetrievalInfo) => IntervalInfo | undefined] => [
        t('Recall@{0}', k),
        ({ recallAt }) => recallAt[Number(k)],
      ]),
    [t('R-precision'), ({ rPrecision }) => rPrecision],
    ['MAP@R', ({ mapAtR }) => mapAtR],
  ];
  return judgedView(
    t('On held-out images, before and after'),
    before && modelBefore,
    rows.map(([name, of]) => ({ name, before: before && of(before), after: of(after) })),
    how,
  );
}

/** A figure a row, after the training and, where `modelBefore` was judged too, before it. */
function judgedView(
  title: string,
  modelBefore: string | undefined,
  rows: { name: string; before: IntervalInfo | undefined; after: IntervalInfo | undefined }[],
  how: TemplateResult | string,
): TemplateResult {
  const withBefore = modelBefore !== undefined;
  return html`<section>
    <h2>${title}</h2>
    <table class="judged">
      <thead>
        <tr>
          <td></td>
          ${withBefore ? html`<th scope="col">${t('Before')} <span class="muted">(<bdi>${modelBefore}</bdi>)</span></th>` : nothing}
          <th scope="col">${t('After')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, before, after }) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${withBefore ? cellView(before) : nothing}${cellView(after)}
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="muted">${how}</p>
  </section>`;
}

function mapView(map: MapInfo): TemplateResult {
  if (map.learned === 'answers') return answersMapView(map);
  const asked =
    map.by === 'class'
      ? t(
          '{0} images ask among all, each by what was learned without its class, with 95 % intervals.',
          map.after.queries,
        )
      : t(
          '{0} images ask among each other, each by what was learned without it, with 95 % intervals.',
          map.after.queries,
        );
  return beforeAndAfter(map.after, map.before, map.from, asked);
}

/** Held-out answered pairs, where there are no classes. */
function pairsView({ modelBefore, heldOutBy }: TrainResult, pairs: NonNullable<TrainResult['pairs']>): TemplateResult {
  const { same, different, before, after } = pairs;
  return answersJudgedView(
    modelBefore ?? '',
    before,
    after,
    t(
      'How well distances tell {0} same from {1} different pairs of images that training never saw, with 95 % intervals.',
      same,
      different,
    ),
    heldOutBy,
  );
}

/** Answers that a map did not learn from, ordered without it and with it. */
function answersMapView({ from, by, same, different, before, after }: AnswersMapInfo): TemplateResult {
  return answersJudgedView(
    from,
    before,
    after,
    t(
      'How well distances tell {0} same from {1} different pairs, each judged by what was learned without its images, with 95 % intervals.',
      same,
      different,
    ),
    by,
  );
}

function answersJudgedView(
  modelBefore: string,
  before: IntervalInfo | undefined,
  after: IntervalInfo | undefined,
  how: string,
  heldOutBy: string,
): TemplateResult {
  return judgedView(
    t('On held-out answers, before and after'),
    modelBefore,
    [{ name: t('AUC'), before, after }],
    heldOutBy === 'component' ? `${how} ${keptApart(heldOutBy)}` : how,
  );
}

/** Recall@1 is P@1 by another name. */
function notOne(k: string): boolean {
  return k !== '1';
}

function cellView(value: IntervalInfo | undefined): TemplateResult {
  if (value === undefined) return html`<td></td>`;
  return html`<td>${percent(value.value)} <span class="muted">${spanText(value)}</span></td>`;
}

function heldOutWords({ queries }: RetrievalInfo, { heldOutBy, amongAll }: TrainResult): string {
  return [
    amongAll
      ? t('{0} images that training never saw ask among all images, with 95 % intervals.', queries)
      : t('{0} images that training never saw ask among each other, with 95 % intervals.', queries),
    keptApart(heldOutBy),
  ].join(' ');
}

function keptApart(by: string): string {
  switch (by) {
    case 'class':
      return t('Their classes are others than those trained on.');
    case 'component':
      return t('No answer connects them with what was trained on.');
    default:
      return t('They share classes with what was trained on: there were too few to keep whole ones apart.');
  }
}

function notJudged({ classes, heldOutBy, heldOutWhy }: TrainResult): TemplateResult {
  if (heldOutWhy !== undefined) return html`<p>${t('Not judged.')} ${heldOutWhy}</p>`;
  if (classes < 2 && heldOutBy === 'none')
    return html`<p>
      ${t('No part of the answers could be held out with pairs of both kinds, so there is nothing to judge by. More answers, of both kinds, would change that.')}
    </p>`;
  return html`<p>
    ${t('No held-out images share a class, so there is nothing to judge by. More classes, or more images of each, would change that.')}
  </p>`;
}

function answersView(answers: OldAnswersInfo, { run }: ViewContext): TemplateResult {
  const { judged, violated = 0, compared, stillViolated = [] } = answers;
  return html`<section>
    <h2>${t('What it says about old answers')}</h2>
    <p>${answersText(answers)}</p>
    ${
      stillViolated.length === 0
        ? nothing
        : html`<details>
            <summary>
              ${t('Still violated: answers that neither model agrees with. They are hard, or they are wrong.')}
            </summary>
            <ul class="violated">
              ${stillViolated.slice(0, MOST_LISTED).map(
                ({ a, b, relation, before, after }) =>
                  html`<li>
                    <bdi>${a}</bdi>, <bdi>${b}</bdi>:
                    ${relation === 'same' ? t('answered same') : t('answered different')}
                    <span class="muted"
                      >${t('distance {0} before, {1} now', before.toPrecision(3), after.toPrecision(3))}</span
                    >
                  </li>`,
              )}
            </ul>
            ${
              (compared?.stillViolated ?? 0) > MOST_LISTED
                ? html`<p class="muted">${t('The {0} farthest on the wrong side are listed.', MOST_LISTED)}</p>`
                : nothing
            }
          </details>`
    }
    ${
      judged === 0 || violated === 0
        ? nothing
        : html`<p class="muted">
            ${t('The Answers view lists suspects by the model that mined last: mine again with this one, and they are by it.')}
            <button
              class="link"
              data-command="showAnswers"
              @click=${() => {
                run('showAnswers');
              }}
            >
              ${t('Show Answers')}
            </button>
          </p>`
    }
  </section>`;
}

/** Still violated answers that the page lists. */
const MOST_LISTED = 100;

function answersText({ judged, violated = 0, unsaid, same, compared }: OldAnswersInfo): string {
  if (unsaid === 'one-kind')
    return same > 0
      ? t(
          'All {0} answers say same: which of them it disagrees with shows only beside some that say different.',
          judged,
        )
      : t(
          'All {0} answers say different: which of them it disagrees with shows only beside some that say same.',
          judged,
        );
  if (unsaid === 'no-order')
    return t(
      'It puts pairs answered same no nearer than those answered different, so nothing tells which of the {0} answers it disagrees with.',
      judged,
    );
  if (violated === 0 && !compared?.violatedBefore) return t('It agrees with all {0} answers.', judged);
  const now = t('It disagrees with {0} of {1} answers.', violated, judged);
  if (!compared) return now;
  const { model, violatedBefore, nowEasy, stillViolated, newlyViolated } = compared;
  return [
    now,
    t(
      '“{0}” disagreed with {1}: {2} of them are easy now, {3} are still violated, {4} are newly violated.',
      model,
      violatedBefore,
      nowEasy,
      stillViolated,
      newlyViolated,
    ),
  ].join(' ');
}
