import type { TemplateResult } from 'lit-html';
import { html, nothing } from 'lit-html';
import type { TrainRun } from '../../src/rpc/train-protocol';
import { t } from '../ui/text';
import { chartView } from './chart';
import { bestEpoch, heldOutTitle, lossText, percent } from './numbers';

/** The curves of loss and of the held-out figure side by side, and the same as a table. */
export function curvesView({ history, measure }: TrainRun, epochs: number): TemplateResult | typeof nothing {
  const [first, last] = [history[0], history.at(-1)];
  if (!first || !last) return nothing;
  const best = bestEpoch(history);
  const held = history.flatMap(({ epoch, heldOut }) => (heldOut === undefined ? [] : [{ epoch, value: heldOut }]));
  const kept = held.find(({ epoch }) => epoch === best);
  return html`<section>
    <div class="charts">
      ${chartView({
        title: t('Loss by epoch'),
        summary: t(
          '{0} after epoch {1}, {2} after epoch {3}',
          lossText(first.loss),
          first.epoch,
          lossText(last.loss),
          last.epoch,
        ),
        kind: 'loss',
        points: history.map(({ epoch, loss }) => ({ epoch, value: loss })),
        epochs,
        format: lossText,
      })}
      ${
        kept === undefined
          ? html`<p class="muted">${t('Nothing is held out, so there is no held-out curve.')}</p>`
          : chartView({
              title: t('{0} by epoch', heldOutTitle(measure)),
              summary: t(
                '{0} after epoch {1}, best {2} after epoch {3}',
                percent(held[0]!.value),
                held[0]!.epoch,
                percent(kept.value),
                kept.epoch,
              ),
              kind: 'held-out',
              points: held,
              epochs,
              range: [0, 1],
              format: value => percent(value, 0),
              best: kept.epoch,
            })
      }
    </div>
    <details>
      <summary>${t('The curves as a table')}</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">${t('Epoch')}</th>
            <th scope="col">${t('Loss')}</th>
            ${kept === undefined ? nothing : html`<th scope="col">${heldOutTitle(measure)}</th>`}
          </tr>
        </thead>
        <tbody>
          ${history.map(
            ({ epoch, loss, heldOut }) =>
              html`<tr class=${epoch === kept?.epoch ? 'best' : ''}>
                <th scope="row">${epoch}</th>
                <td>${lossText(loss)}</td>
                ${
                  kept === undefined
                    ? nothing
                    : html`<td>
                        ${heldOut === undefined ? '' : percent(heldOut)}${epoch === kept.epoch ? ` (${t('kept')})` : ''}
                      </td>`
                }
              </tr>`,
          )}
        </tbody>
      </table>
    </details>
  </section>`;
}
