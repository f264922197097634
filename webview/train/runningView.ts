import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { TrainState } from '../../src/rpc/train-protocol';
import { t } from '../ui/text';
import type { ViewContext } from './context';
import { curvesView } from './curvesView';
import { heldOutTitle, lossText, percent } from './numbers';
import { buttonsView } from './buttonsView';

/** A training under way: how far it is, its figures now, its curves so far. */
export function runningView(state: Extract<TrainState, { kind: 'running' }>, context: ViewContext): TemplateResult {
  const { run, detail, progress, stopping } = state;
  const training = progress?.training;
  const known = progress !== undefined && progress.total > 0;
  const heldOut = run.history.at(-1)?.heldOut;
  const epochs = training?.epochs ?? run.choice.epochs ?? 0;
  const figures: [string, string][] = training
    ? [
        [t('Epoch'), t('{0} of {1}', Math.min(training.epoch, training.epochs), training.epochs)],
        [t('Loss'), lossText(training.loss)],
        ...(heldOut === undefined ? [] : ([[heldOutTitle(run.measure), percent(heldOut)]] as [string, string][])),
        [t('Images a second'), Math.round(training.imagesPerSecond).toLocaleString()],
      ]
    : [];
  return html`
    <section class="progress">
      <progress
        aria-label=${t('Training')}
        max=${known ? progress.total : nothing}
        .value=${known ? progress.done : nothing}
        value=${known ? progress.done : nothing}
      ></progress>
      <p class="detail">
        ${stopping ? t('Stopping. The best network so far is kept, and judged.') : (detail ?? t('Starting…'))}
      </p>
    </section>
    ${
      figures.length === 0
        ? nothing
        : html`<dl class="figures-now">
            ${figures.map(
              ([name, value]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value}</dd>
                </div>`,
            )}
          </dl>`
    }
    ${
      stopping
        ? nothing
        : buttonsView(
            [['cancel', run.history.length > 0 ? t('Stop and Keep the Best So Far') : t('Cancel')]],
            context,
            'none',
          )
    }
    ${curvesView(run, epochs)}
  `;
}
