// @ts-check
// A thing on a table, photographed: ground, light, shadow, something out of focus behind it, grain.
import sharp from 'sharp';
import { between, oneOf } from './things.mjs';

export const SIZE = 256;

/**
 * @param {import('./things.mjs').Random} random
 * @param {string} thing SVG around the origin, about 100 units large
 */
export function scene(random, thing) {
  const wall = {
    hue: oneOf(random, [30, 45, 200, 210, 90, 340]) + between(random, -12, 12),
    light: between(random, 58, 90),
  };
  const table = { hue: oneOf(random, [24, 30, 36, 210]) + between(random, -6, 6), light: between(random, 34, 74) };
  const horizon = between(random, 120, 190);
  const scale = between(random, 1.05, 1.6);
  const x = between(random, 108, 148),
    y = between(random, 124, 150);
  const turn = between(random, -18, 18);
  const blurred = Array.from(
    { length: Math.floor(between(random, 0, 4)) },
    () =>
      `<circle cx="${between(random, 0, SIZE)}" cy="${between(random, 10, horizon)}" r="${between(random, 10, 38)}" fill="hsl(${between(random, 0, 360)},${between(random, 15, 45)}%,${between(random, 40, 75)}%)"/>`,
  ).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE}" height="${SIZE}">
<defs>
<linearGradient id="wall" x1="0" y1="0" x2="${between(random, 0.2, 1)}" y2="1"><stop offset="0" stop-color="hsl(${wall.hue},18%,${wall.light}%)"/><stop offset="1" stop-color="hsl(${wall.hue},20%,${wall.light * 0.78}%)"/></linearGradient>
<linearGradient id="table" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="hsl(${table.hue},32%,${table.light * 0.8}%)"/><stop offset="1" stop-color="hsl(${table.hue},34%,${table.light}%)"/></linearGradient>
<filter id="grain" x="0" y="0" width="100%" height="100%"><feTurbulence type="fractalNoise" baseFrequency="${between(random, 0.006, 0.02)} ${between(random, 0.12, 0.4)}" numOctaves="3" seed="${Math.floor(random() * 1000)}"/><feColorMatrix type="matrix" values="0 0 0 0 0.12  0 0 0 0 0.08  0 0 0 0 0.04  0 0 0 0.9 -0.25"/></filter>
<filter id="far"><feGaussianBlur stdDeviation="${between(random, 5, 10)}"/></filter>
<filter id="soft" x="-50%" y="-50%" width="200%" height="200%"><feGaussianBlur stdDeviation="6"/></filter>
</defs>
<rect width="${SIZE}" height="${SIZE}" fill="url(#wall)"/>
<g filter="url(#far)">${blurred}</g>
<rect y="${horizon}" width="${SIZE}" height="${SIZE}" fill="url(#table)"/>
<rect y="${horizon}" width="${SIZE}" height="${SIZE - horizon}" filter="url(#grain)" opacity="0.5"/>
<ellipse cx="${x + 10}" cy="${y + 46 * scale}" rx="${46 * scale}" ry="${13 * scale}" fill="#000" opacity="0.42" filter="url(#soft)"/>
<g transform="translate(${x} ${y}) rotate(${turn}) scale(${scale})">${thing}</g>
</svg>`;
}

/**
 * Develops a scene: exposure, white balance, a little defocus and sensor noise.
 * @param {import('./things.mjs').Random} random
 * @param {string} svg
 * @returns {Promise<Buffer>} JPEG
 */
export async function photograph(random, svg) {
  const noise = Buffer.from(
    Uint8Array.from({ length: SIZE * SIZE }, () => 128 + (random() + random() + random() - 1.5) * 14),
  );
  const warmth = between(random, 0.93, 1.07),
    exposure = between(random, 0.86, 1.14),
    defocus = between(random, 0.3, 0.9);
  const plain = await sharp(Buffer.from(svg))
    .removeAlpha()
    .blur(defocus)
    .linear([exposure * warmth, exposure, exposure / warmth], [0, 0, 0])
    .png()
    .toBuffer();
  return sharp(plain)
    .composite([{ input: noise, raw: { width: SIZE, height: SIZE, channels: 1 }, blend: 'soft-light' }])
    .jpeg({ quality: Math.round(between(random, 74, 90)) })
    .toBuffer();
}
