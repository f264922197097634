import type { TemplateResult } from 'lit-html';
import { html, nothing, svg } from 'lit-html';
import { axis, epochTicks, position } from './scale';

export interface Curve {
  title: string;
  /** one line for screen readers: where it began, where it is */
  summary: string;
  /** of the line, by CSS */
  kind: 'loss' | 'held-out';
  points: { epoch: number; value: number }[];
  /** the epochs that the axis spans */
  epochs: number;
  /** of the axis, where the values do not say it */
  range?: [number, number];
  format(value: number): string;
  /** marked with a ring: the network that is kept */
  best?: number;
}

const WIDTH = 440;
const HEIGHT = 200;
const LEFT = 46;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 26;

/** A curve over epochs. Its table says the same to whoever does not see it. */
export function chartView(curve: Curve): TemplateResult {
  const { title, summary, kind, points, epochs, range, format, best } = curve;
  const values = points.map(({ value }) => value);
  const scale = axis(range?.[0] ?? Math.min(0, ...values), range?.[1] ?? Math.max(1e-6, ...values), 5);
  const last = Math.max(2, epochs, points.at(-1)?.epoch ?? 0);
  const x = (epoch: number) => round(LEFT + (WIDTH - LEFT - RIGHT) * position(epoch, 1, last));
  const y = (value: number) =>
    round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * position(value, scale.low, scale.high));
  const path = points.map(({ epoch, value }, i) => `${i === 0 ? 'M' : 'L'}${x(epoch)} ${y(value)}`).join(' ');
  const marked = points.find(({ epoch }) => epoch === best) ?? points.at(-1);
  return html`<figure class="chart ${kind}">
    <figcaption>${title}</figcaption>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${`${title}. ${summary}`}>
      ${scale.ticks.map(
        tick => svg`<line class="grid" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(tick)} y2=${y(tick)}></line>
          <text class="tick value" x=${LEFT - 6} y=${y(tick)} dy="0.35em">${format(tick)}</text>`,
      )}
      ${epochTicks(last, 8).map(
        tick => svg`<text class="tick epoch" x=${x(tick)} y=${HEIGHT - BOTTOM + 18}>${tick}</text>`,
      )}
      <path class="line" d=${path}></path>
      ${
        marked === undefined
          ? nothing
          : svg`<circle class="mark" cx=${x(marked.epoch)} cy=${y(marked.value)} r="3.5"></circle>`
      }
    </svg>
  </figure>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
