import { svg } from 'lit-html';
import { unsafeSVG } from 'lit-html/directives/unsafe-svg.js';
import arrowDown from '@vscode/codicons/src/icons/arrow-down.svg';
import arrowLeft from '@vscode/codicons/src/icons/arrow-left.svg';
import arrowRight from '@vscode/codicons/src/icons/arrow-right.svg';
import arrowUp from '@vscode/codicons/src/icons/arrow-up.svg';
import check from '@vscode/codicons/src/icons/check.svg';
import close from '@vscode/codicons/src/icons/close.svg';
import discard from '@vscode/codicons/src/icons/discard.svg';
import error from '@vscode/codicons/src/icons/error.svg';
import flag from '@vscode/codicons/src/icons/circle-slash.svg';
import flip from '@vscode/codicons/src/icons/arrow-swap.svg';
import text from '@vscode/codicons/src/icons/go-to-file.svg';
import question from '@vscode/codicons/src/icons/question.svg';
import warning from '@vscode/codicons/src/icons/warning.svg';

/** Codicons, one by one: the whole font would be most of the page. */
const sources = {
  arrowDown,
  arrowLeft,
  arrowRight,
  arrowUp,
  check,
  close,
  discard,
  error,
  flag,
  flip,
  question,
  text,
  warning,
};

export type IconName = keyof typeof sources;

/** An icon in the colour of its text, hidden from screen readers: the control beside it has the name. */
export function icon(name: IconName) {
  const inner = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(sources[name])?.[1] ?? '';
  return svg`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" fill="currentColor">${unsafeSVG(inner)}</svg>`;
}
