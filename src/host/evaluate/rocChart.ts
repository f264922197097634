import type { VerificationInfo } from '../../rpc/engine-protocol';

const SIZE = 300;
const LEFT = 46;
const TOP = 10;
const BOTTOM = 42;
const RIGHT = 24;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

export interface RocCurve {
  name: string;
  roc: VerificationInfo['roc'];
}

export interface RocWords {
  /** for whoever does not see it: what the picture says */
  summary: string;
  falseMatches: string;
  trueMatches: string;
  chance: string;
  percent(share: number): string;
}

/**
 * The ROC curves of a model and of raw pixels, with the diagonal of chance, as SVG in the theme's colours and without line
 * breaks, so that it can stand in Markdown. The pixels' line is dashed too: colour alone tells nobody enough.
 */
export function rocChart(model: RocCurve, pixels: RocCurve, words: RocWords): string {
  const width = SIZE + LEFT + RIGHT;
  const height = SIZE + TOP + BOTTOM;
  const x = (share: number) => round(LEFT + SIZE * share);
  const y = (share: number) => round(TOP + SIZE * (1 - share));
  const faint = 'stroke:var(--vscode-charts-lines,currentcolor);stroke-opacity:0.3';
  const text = 'fill:var(--vscode-descriptionForeground,currentcolor);font-size:11px';
  const curve = ({ roc }: RocCurve) =>
    [{ fmr: 0, tmr: 0 }, ...roc].map(({ fmr, tmr }, i) => `${i === 0 ? 'M' : 'L'}${x(fmr)} ${y(tmr)}`).join('');
  const line = (path: string, style: string) => `<path d="${path}" style="fill:none;${style}"/>`;
  const blue = 'stroke:var(--vscode-charts-blue,currentcolor);stroke-width:2';
  const dashed = 'stroke:var(--vscode-charts-purple,currentcolor);stroke-width:2;stroke-dasharray:6 3';
  const dotted = 'stroke:var(--vscode-descriptionForeground,currentcolor);stroke-dasharray:1 4;stroke-linecap:round';
  const legend = [
    [model.name, blue],
    [pixels.name, dashed],
    [words.chance, dotted],
  ] as const;
  return [
    `<svg viewBox="0 0 ${String(width)} ${String(height)}" role="img" aria-label="${attribute(words.summary)}" style="display:block;width:100%;max-width:${String(width)}px;margin:8px 0">`,
    ...TICKS.flatMap(tick => [
      `<path d="M${x(0)} ${y(tick)}H${x(1)}M${x(tick)} ${y(0)}V${y(1)}" style="${faint}"/>`,
      `<text x="${String(LEFT - 6)}" y="${y(tick)}" dy="0.35em" style="${text};text-anchor:end">${words.percent(tick)}</text>`,
      `<text x="${x(tick)}" y="${String(TOP + SIZE + 16)}" style="${text};text-anchor:middle">${words.percent(tick)}</text>`,
    ]),
    `<text x="${x(0.5)}" y="${String(height - 8)}" style="${text};text-anchor:middle">${attribute(words.falseMatches)}</text>`,
    `<text x="${x(0)}" y="${y(1)}" dx="6" dy="14" style="${text}">${attribute(words.trueMatches)}</text>`,
    line(`M${x(0)} ${y(0)}L${x(1)} ${y(1)}`, dotted),
    line(curve(pixels), dashed),
    line(curve(model), blue),
    ...legend.flatMap(([name, style], i) => {
      const at = TOP + SIZE - 14 - (legend.length - 1 - i) * 18;
      return [
        line(`M${x(0.52)} ${String(at)}H${x(0.6)}`, style),
        `<text x="${x(0.62)}" y="${String(at)}" dy="0.35em" style="${text}">${attribute(clipped(name))}</text>`,
      ];
    }),
    '</svg>',
  ].join('');
}

function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** A name that fits beside its line. */
function clipped(name: string): string {
  return name.length > 18 ? `${name.slice(0, 17)}…` : name;
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
