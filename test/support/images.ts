import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

const SHAPES: Record<string, (x: number, y: number, r: number) => string> = {
  circle: (x, y, r) => `<circle cx="${x}" cy="${y}" r="${r}"/>`,
  square: (x, y, r) => `<rect x="${x - r}" y="${y - r}" width="${2 * r}" height="${2 * r}"/>`,
  triangle: (x, y, r) => `<path d="M${x} ${y - r}L${x + r} ${y + r}L${x - r} ${y + r}Z"/>`,
};

/** A small image of a shape in some place, size and colour, different for every `index`. */
export function shapeImage(shape: string, index: number, format: 'png' | 'jpeg' | 'webp' = 'png'): Promise<Buffer> {
  const draw = SHAPES[shape] ?? SHAPES['circle'];
  const x = 28 + ((index * 7) % 9);
  const y = 28 + ((index * 5) % 9);
  const body = draw(x, y, 10 + ((index * 3) % 12));
  const hue = (index * 47) % 360;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="white"/><g fill="hsl(${hue},70%,45%)">${body}</g></svg>`;
  return sharp(Buffer.from(svg)).toFormat(format).toBuffer();
}

/** Writes `each` images of every shape into `<folder>/<shape>/<nn>.png`. */
export async function writeShapes(folder: string, each: number, shapes = Object.keys(SHAPES)): Promise<string[]> {
  const paths: string[] = [];
  for (const shape of shapes) {
    await mkdir(path.join(folder, shape), { recursive: true });
    for (let i = 0; i < each; i++) {
      const at = `${shape}/${String(i).padStart(2, '0')}.png`;
      await writeFile(path.join(folder, at), await shapeImage(shape, i));
      paths.push(at);
    }
  }
  return paths;
}
