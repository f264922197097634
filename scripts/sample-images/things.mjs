// @ts-check
// Eight things, drawn as SVG around the origin, about 100 units large. Each takes its own variation from `random`.

/** @typedef {() => number} Random uniform in [0, 1) */

/** @param {Random} random @param {number} low @param {number} high */
export const between = (random, low, high) => low + (high - low) * random();
/** @template T @param {Random} random @param {readonly T[]} from @returns {T} */
export const oneOf = (random, from) => /** @type {T} */ (from[Math.floor(random() * from.length)]);

let serial = 0;
/**
 * A ball's light: bright where the lamp is, dark at the far edge.
 * @param {number} hue @param {number} saturation @param {number} light percent
 */
function shaded(hue, saturation, light) {
  const id = `g${serial++}`;
  const stop = (/** @type {number} */ at, /** @type {number} */ l) =>
    `<stop offset="${at}%" stop-color="hsl(${hue},${saturation}%,${l}%)"/>`;
  const gradient = `<radialGradient id="${id}" cx="36%" cy="30%" r="78%">${stop(0, Math.min(94, light + 26))}${stop(38, light)}${stop(100, light * 0.38)}</radialGradient>`;
  return { gradient, fill: `url(#${id})` };
}

const gleam = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ size) =>
  `<ellipse cx="${x}" cy="${y}" rx="${size}" ry="${size * 0.6}" fill="#fff" opacity="0.45" transform="rotate(-35 ${x} ${y})"/>`;

const stem = (/** @type {number} */ y, /** @type {number} */ bend, /** @type {number} */ length) =>
  `<path d="M0 ${y} q${bend / 3} ${-length * 0.6} ${bend} ${-length}" stroke="hsl(28,45%,22%)" stroke-width="4" fill="none" stroke-linecap="round"/>`;

/** @param {Random} random */
function apple(random) {
  const { gradient, fill } = shaded(
    oneOf(random, [between(random, -4, 8), between(random, 70, 95), between(random, 2, 30)]),
    between(random, 62, 82),
    between(random, 38, 50),
  );
  const w = between(random, 44, 50),
    h = between(random, 40, 47),
    dip = between(random, 6, 12);
  const leaf = random() < 0.5 ? `<path d="M3 ${-h - 4} q16 -18 30 -6 q-14 14 -30 6z" fill="hsl(105,45%,32%)"/>` : '';
  return `${gradient}<path d="M0 ${-h + dip} C${w * 0.35} ${-h - 8} ${w} ${-h + 2} ${w} ${-h * 0.1} C${w} ${h * 0.6} ${w * 0.5} ${h + 4} ${w * 0.16} ${h} Q0 ${h - 5} ${-w * 0.16} ${h} C${-w * 0.5} ${h + 4} ${-w} ${h * 0.6} ${-w} ${-h * 0.1} C${-w} ${-h + 2} ${-w * 0.35} ${-h - 8} 0 ${-h + dip}z" fill="${fill}"/>${stem(-h + dip, between(random, -8, 8), between(random, 16, 24))}${leaf}${gleam(-w * 0.4, -h * 0.42, 9)}`;
}

/** @param {Random} random */
function tomato(random) {
  const { gradient, fill } = shaded(between(random, -2, 14), between(random, 74, 88), between(random, 40, 50));
  const w = between(random, 46, 52),
    h = between(random, 36, 42);
  const sepals = Array.from(
    { length: 5 },
    (_, i) =>
      `<path d="M0 0 q${5} ${-10} 0 -${between(random, 18, 26)} q-7 10 0 ${between(random, 18, 26)}z" transform="translate(0 ${-h + 4}) scale(1 0.5) rotate(${i * 72 + between(random, -14, 14)})" fill="hsl(110,48%,${between(random, 24, 32)}%)"/>`,
  ).join('');
  return `${gradient}<ellipse rx="${w}" ry="${h}" fill="${fill}"/>${sepals}${random() < 0.6 ? stem(-h + 3, between(random, -6, 6), 10) : ''}${gleam(-w * 0.42, -h * 0.4, 11)}`;
}

/** @param {Random} random */
function pear(random) {
  const { gradient, fill } = shaded(between(random, 48, 82), between(random, 50, 70), between(random, 44, 54));
  const w = between(random, 36, 42),
    neck = between(random, 13, 19);
  const freckles = Array.from(
    { length: 14 },
    () =>
      `<circle cx="${between(random, -w * 0.7, w * 0.7)}" cy="${between(random, 0, 42)}" r="${between(random, 0.5, 1.3)}" fill="hsl(35,50%,30%)" opacity="0.5"/>`,
  ).join('');
  return `${gradient}<path d="M0 -54 C${neck} -56 ${neck + 3} -36 ${neck + 4} -24 C${neck + 8} -4 ${w} 2 ${w} 24 C${w} 46 ${w * 0.5} 52 0 52 C${-w * 0.5} 52 ${-w} 46 ${-w} 24 C${-w} 2 ${-neck - 8} -4 ${-neck - 4} -24 C${-neck - 3} -36 ${-neck} -56 0 -54z" fill="${fill}"/>${freckles}${stem(-52, between(random, -9, 9), 16)}${gleam(-w * 0.4, 4, 8)}`;
}

/** @param {Random} random */
function lemon(random) {
  const { gradient, fill } = shaded(between(random, 47, 58), between(random, 78, 92), between(random, 48, 56));
  const w = between(random, 48, 54),
    h = between(random, 31, 37);
  const pores = Array.from(
    { length: 30 },
    () =>
      `<circle cx="${between(random, -w * 0.7, w * 0.7)}" cy="${between(random, -h * 0.6, h * 0.6)}" r="0.9" fill="hsl(44,80%,36%)" opacity="0.4"/>`,
  ).join('');
  return `${gradient}<path d="M${-w - 6} 0 Q${-w + 2} -4 ${-w * 0.72} ${-h * 0.72} Q0 ${-h * 1.5} ${w * 0.72} ${-h * 0.72} Q${w - 2} -5 ${w + 9} 0 Q${w - 2} 5 ${w * 0.72} ${h * 0.72} Q0 ${h * 1.5} ${-w * 0.72} ${h * 0.72} Q${-w + 2} 4 ${-w - 6} 0z" fill="${fill}"/>${pores}${gleam(-w * 0.3, -h * 0.5, 10)}`;
}

/** @param {Random} random */
function mug(random) {
  const hue = between(random, 0, 360),
    light = oneOf(random, [32, 46, 78]);
  const { gradient, fill } = shaded(hue, between(random, 20, 62), light);
  const w = between(random, 30, 37),
    h = between(random, 34, 44);
  const side = random() < 0.5 ? 1 : -1;
  const band =
    random() < 0.5
      ? `<rect x="${-w}" y="${between(random, -12, 6)}" width="${2 * w}" height="${between(random, 6, 14)}" fill="hsl(${hue + 150},40%,60%)" opacity="0.75"/>`
      : '';
  return `${gradient}<path d="M${side * (w - 3)} ${-h * 0.45} q${side * 27} -2 ${side * 24} ${h * 0.5} q${side * -3} ${h * 0.5} ${side * -25} ${h * 0.35}" stroke="${fill}" stroke-width="9" fill="none"/><path d="M${-w} ${-h} L${-w + 3} ${h - 8} Q${-w + 4} ${h} 0 ${h + 2} Q${w - 4} ${h} ${w - 3} ${h - 8} L${w} ${-h}z" fill="${fill}"/>${band}<ellipse cy="${-h}" rx="${w}" ry="${w * 0.26}" fill="hsl(${hue},25%,${light * 0.55}%)"/><ellipse cy="${-h + 3}" rx="${w - 5}" ry="${w * 0.18}" fill="hsl(25,55%,${oneOf(random, [12, 18, 30])}%)"/>${gleam(-w * 0.5, -h * 0.3, 7)}`;
}

/** @param {Random} random */
function bottle(random) {
  const hue = oneOf(random, [100, 140, 30, 205]);
  const { gradient, fill } = shaded(hue, between(random, 30, 60), between(random, 24, 44));
  const w = between(random, 18, 24),
    neck = between(random, 6, 8);
  const label = oneOf(random, [45, 0, 210]);
  return `${gradient}<path d="M${-neck} -62 L${neck} -62 L${neck} -30 C${neck + 2} -20 ${w} -18 ${w} -4 L${w} 52 Q${w} 58 0 58 Q${-w} 58 ${-w} 52 L${-w} -4 C${-w} -18 ${-neck - 2} -20 ${-neck} -30z" fill="${fill}"/><rect x="${-neck - 2}" y="-66" width="${2 * neck + 4}" height="9" rx="2" fill="hsl(${label},50%,40%)"/><rect x="${-w}" y="${between(random, 2, 10)}" width="${2 * w}" height="${between(random, 22, 30)}" fill="hsl(${label},35%,86%)"/><rect x="${-w + 5}" y="16" width="${2 * w - 10}" height="3" fill="hsl(${label},40%,40%)"/><rect x="${-w + 5}" y="23" width="${w}" height="2" fill="hsl(${label},40%,50%)"/><rect x="${-w + 4}" y="-6" width="4" height="56" rx="2" fill="#fff" opacity="0.35"/>`;
}

/** @param {Random} random */
function leaf(random) {
  const hue = oneOf(random, [between(random, 85, 125), between(random, 85, 125), between(random, 28, 52)]);
  const { gradient, fill } = shaded(hue, between(random, 40, 62), between(random, 30, 42));
  const w = between(random, 22, 34);
  const veins = Array.from({ length: 6 }, (_, i) => {
    const y = -34 + i * 14;
    const reach = w * (0.85 - Math.abs(y) / 85);
    return `<path d="M0 ${y + 8} l${reach} -9 M0 ${y + 8} l${-reach} -9" stroke="hsl(${hue},40%,66%)" stroke-width="1.2" opacity="0.8"/>`;
  }).join('');
  return `${gradient}<path d="M0 -56 C${w} -34 ${w * 1.2} 14 0 50 C${-w * 1.2} 14 ${-w} -34 0 -56z" fill="${fill}"/><path d="M0 -52 Q${between(random, -3, 3)} 0 ${between(random, -6, 6)} 62" stroke="hsl(${hue},38%,62%)" stroke-width="2.4" fill="none"/>${veins}`;
}

/** @param {Random} random */
function flower(random) {
  const hue = oneOf(random, [330, 285, 50, 12, 220]) + between(random, -10, 10);
  const count = oneOf(random, [5, 6, 8, 12]);
  const { gradient, fill } = shaded(hue, between(random, 55, 80), between(random, 56, 68));
  const petals = Array.from(
    { length: count },
    (_, i) =>
      `<ellipse cy="-30" rx="${between(random, 150, 180) / count + 3}" ry="${between(random, 20, 24)}" fill="${fill}" transform="rotate(${(i * 360) / count + between(random, -5, 5)})"/>`,
  ).join('');
  const eye = shaded(between(random, 28, 48), 75, between(random, 40, 50));
  return `${gradient}${eye.gradient}<path d="M0 6 q${between(random, -10, 10)} 34 ${between(random, -8, 8)} 66" stroke="hsl(112,40%,30%)" stroke-width="5" fill="none"/>${petals}<circle r="${between(random, 10, 14)}" fill="${eye.fill}"/>`;
}

/** What is drawn, by its folder: apples and tomatoes, lemons and pears are alike enough to be hard. */
export const things = {
  'fruit/apple': apple,
  'fruit/lemon': lemon,
  'fruit/pear': pear,
  'fruit/tomato': tomato,
  'garden/flower': flower,
  'garden/leaf': leaf,
  'kitchen/bottle': bottle,
  'kitchen/mug': mug,
};
