import type { TemplateResult } from 'lit-html';
import { html } from 'lit-html';
import type { TrainCommand } from '../../src/rpc/train-protocol';
import type { ViewContext } from './context';

/** What it does, and what it is called. */
export type Button = [TrainCommand, string];

/** Buttons in a row; the first is what most will want. */
export function buttonsView(buttons: readonly Button[], { run }: ViewContext): TemplateResult {
  return html`<div class="buttons">
    ${buttons.map(
      ([command, title], index) =>
        html`<vscode-button
          appearance=${index === 0 ? 'primary' : 'secondary'}
          data-command=${command}
          @click=${() => {
            run(command);
          }}
          >${title}</vscode-button
        >`,
    )}
  </div>`;
}
