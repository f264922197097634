import type { TemplateResult } from 'lit-html';
import { html } from 'lit-html';
import type { TrainCommand } from '../../src/rpc/train-protocol';
import type { ViewContext } from './context';

/** What it does, and what it is called. */
export type Button = [TrainCommand, string];

/** Buttons in a row; the first is what most will want, unless it is said that `none` of them is. */
export function buttonsView(
  buttons: readonly Button[],
  { run }: ViewContext,
  wanted: 'first' | 'none' = 'first',
): TemplateResult {
  return html`<div class="buttons">
    ${buttons.map(
      ([command, title], index) =>
        html`<vscode-button
          appearance=${index === 0 && wanted === 'first' ? 'primary' : 'secondary'}
          data-command=${command}
          @click=${() => {
            run(command);
          }}
          >${title}</vscode-button
        >`,
    )}
  </div>`;
}
