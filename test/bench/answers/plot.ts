import type { Strategy } from './session';

/** A set's curves: mean and half of the 95 % interval. */
export interface Curves {
  name: string;
  frozen: number;
  points: { strategy: Strategy; answers: number; mean: number; half: number }[];
}

const NAMES: Record<Strategy, string> = { ordered: 'Margin’s order', hardest: 'hardest first', random: 'random pairs' };
/** dark enough on white, light enough on black; shapes tell them apart without colour */
const COLOURS: Record<Strategy, string> = { ordered: '#2f7ed8', hardest: '#d9622b', random: '#8a8f98' };
const DASHES: Record<Strategy, string> = { ordered: '', hardest: '6 3', random: '2 3' };
const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [420, 300, 56, 34, 44];

/** Held-out Recall@1 over answers, a panel a set, readable on a light and on a dark page. */
export function plotRecall(sets: readonly Curves[]): string {
  const width = WIDTH * sets.length;
  const body = sets.map((set, i) => `<g transform="translate(${i * WIDTH} 0)">${panel(set)}</g>`).join('\n');
  const legend = (Object.keys(NAMES) as Strategy[])
    .map((strategy, i) => {
      const x = LEFT + i * 130;
      return (
        `<line x1="${x}" x2="${x + 26}" y1="${HEIGHT + 10}" y2="${HEIGHT + 10}" stroke="${COLOURS[strategy]}" ` +
        `stroke-width="2" stroke-dasharray="${DASHES[strategy]}"/><text x="${x + 32}" y="${HEIGHT + 14}">${NAMES[strategy]}</text>`
      );
    })
    .join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT + 28}" viewBox="0 0 ${width} ${HEIGHT + 28}" role="img" aria-label="Held-out Recall at 1 over the number of answers">
<style>text{font:12px system-ui,sans-serif;fill:#24292f}.axis{stroke:#8a8f98}.grid{stroke:#8a8f98;stroke-opacity:.25}@media (prefers-color-scheme:dark){text{fill:#d0d7de}}</style>
${body}
${legend}
</svg>
`;
}

function panel({ name, frozen, points }: Curves): string {
  const counts = [...new Set(points.map(({ answers }) => answers))].sort((x, y) => x - y);
  const low = Math.min(frozen, ...points.map(({ mean, half }) => mean - half));
  const high = Math.max(frozen, ...points.map(({ mean, half }) => mean + half));
  const [from, to] = [Math.floor(low * 50) / 50, Math.ceil(high * 50) / 50];
  const right = WIDTH - 16;
  const span = Math.log(counts.at(-1)! / counts[0]!) || 1;
  const x = (answers: number) => LEFT + 14 + (Math.log(answers / counts[0]!) / span) * (right - LEFT - 28);
  const y = (recall: number) => HEIGHT - BOTTOM - ((recall - from) / (to - from)) * (HEIGHT - BOTTOM - TOP);
  const round = (n: number) => n.toFixed(1);
  const out = [`<text x="${LEFT}" y="18">${name}: held-out Recall@1</text>`];
  for (let step = 0; step <= 4; step++) {
    const value = from + ((to - from) * step) / 4;
    out.push(
      `<line class="grid" x1="${LEFT}" x2="${right}" y1="${round(y(value))}" y2="${round(y(value))}"/>`,
      `<text x="${LEFT - 8}" y="${round(y(value) + 4)}" text-anchor="end">${value.toFixed(3)}</text>`,
    );
  }
  for (const count of counts)
    out.push(`<text x="${round(x(count))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${count}</text>`);
  out.push(
    `<text x="${(LEFT + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">answers (dashed: the model before any)</text>`,
    `<line class="axis" stroke-dasharray="8 5" x1="${LEFT}" x2="${right}" y1="${round(y(frozen))}" y2="${round(y(frozen))}"/>`,
  );
  for (const [i, strategy] of (Object.keys(NAMES) as Strategy[]).entries()) {
    const own = points.filter(point => point.strategy === strategy).sort((p, q) => p.answers - q.answers);
    // a little aside, so that the intervals of three curves do not lie on each other
    const at = (answers: number) => round(x(answers) + (i - 1) * 5);
    const colour = COLOURS[strategy];
    const line = own.map(({ answers, mean }) => `${at(answers)},${round(y(mean))}`).join(' ');
    out.push(
      `<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2" stroke-dasharray="${DASHES[strategy]}"/>`,
    );
    for (const { answers, mean, half } of own) {
      out.push(
        `<line x1="${at(answers)}" x2="${at(answers)}" y1="${round(y(mean - half))}" y2="${round(y(mean + half))}" stroke="${colour}"/>`,
        `<circle cx="${at(answers)}" cy="${round(y(mean))}" r="3.5" fill="${colour}"/>`,
      );
    }
  }
  return out.join('\n');
}
