import type { ModelInput } from '../card';
import type { Augmentation, Synthesis } from './options';
import type { Random } from './random';

/**
 * Writes one picture, changed at random, as the network's input (NHWC floats, scaled as the card says). `turn` 0-3: quarter
 * turns, + 4: mirrored first; this makes another class and comes before everything else.
 */
export function augmentInto(
  out: Float32Array,
  at: number,
  pixels: Uint8Array,
  from: number,
  input: ModelInput,
  chosen: Augmentation,
  turn: number,
  random: Random,
): void {
  const { width: w, height: h, channels } = input;
  const map = sourceMap(w, h, chosen, turn, random);
  const edge = edgeColour(pixels, from, input);
  const tint = chosen.recolour
    ? recolouring(channels, random)
    : chosen.colour
      ? colourChange(channels, 0.25, random)
      : undefined;
  const [a, b, c, d, e, f] = map;
  const { scale, mean, std } = input;
  const value = [0, 0, 0];
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const sx = a * x + b * y + c;
      const sy = d * x + e * y + f;
      const x0 = Math.floor(sx);
      const y0 = Math.floor(sy);
      const fx = sx - x0;
      const fy = sy - y0;
      const inside = x0 >= 0 && y0 >= 0 && x0 + 1 < w && y0 + 1 < h;
      const p = from + (y0 * w + x0) * channels;
      for (let k = 0; k < channels; k++) {
        let v: number;
        if (inside) {
          const q = p + k;
          const top = pixels[q]! * (1 - fx) + pixels[q + channels]! * fx;
          const bottom = pixels[q + w * channels]! * (1 - fx) + pixels[q + (w + 1) * channels]! * fx;
          v = top * (1 - fy) + bottom * fy;
        } else {
          v = edged(pixels, from, input, x0, y0, fx, fy, k, edge[k]!);
        }
        value[k] = v;
      }
      if (tint) tint(value);
      for (let k = 0; k < channels; k++) out[at++] = (value[k]! * scale - mean[k]!) / std[k]!;
    }
  }
}

/** Writes one picture as it is. */
export function plainInto(out: Float32Array, at: number, pixels: Uint8Array, from: number, input: ModelInput): void {
  const { width, height, channels, scale, mean, std } = input;
  for (let k = 0; k < channels; k++) {
    const factor = scale / std[k]!;
    const shift = -mean[k]! / std[k]!;
    for (let i = k; i < width * height * channels; i += channels) out[at + i] = pixels[from + i]! * factor + shift;
  }
}

/** How many classes one class becomes. */
export function turnsOf(synthesis: Synthesis): number {
  return { none: 1, rotations: 4, dihedral: 8 }[synthesis];
}

type Affine = [number, number, number, number, number, number];

/** The affine map from a place in the result to the place in the source that it shows. */
function sourceMap(w: number, h: number, chosen: Augmentation, turn: number, random: Random): Affine {
  let map: Affine = [1, 0, 0, 0, 1, 0];
  if (chosen.affine) {
    const rotation = random.chance(0.5) ? (random.between(-10, 10) * Math.PI) / 180 : 0;
    const shear = [0, 0].map(() => (random.chance(0.5) ? random.between(-0.3, 0.3) : 0)) as [number, number];
    const zoom = [0, 0].map(() => (random.chance(0.5) ? random.between(0.8, 1.2) : 1)) as [number, number];
    const shift = [w, h].map(size => (random.chance(0.5) ? random.between(-0.02, 0.02) * size : 0)) as [number, number];
    const [cos, sin] = [Math.cos(rotation), Math.sin(rotation)];
    map = after(
      [cos, -sin, shift[0], sin, cos, shift[1]],
      after([1, shear[0], 0, shear[1], 1, 0], [1 / zoom[0], 0, 0, 0, 1 / zoom[1], 0]),
    );
  }
  if (chosen.crop) {
    const side = Math.sqrt(random.between(0.7, 1));
    const room = (1 - side) / 2;
    map = after([side, 0, random.between(-room, room) * w, 0, side, random.between(-room, room) * h], map);
  }
  if (chosen.flipHorizontal && random.chance(0.5)) map = after([-1, 0, 0, 0, 1, 0], map);
  if (chosen.flipVertical && random.chance(0.5)) map = after([1, 0, 0, 0, -1, 0], map);
  for (let quarter = turn & 3; quarter > 0; quarter--) map = after([0, -w / h, 0, h / w, 0, 0], map);
  if (turn >= 4) map = after([-1, 0, 0, 0, 1, 0], map);
  // Everything above is around the middle.
  const [mx, my] = [(w - 1) / 2, (h - 1) / 2];
  return after([1, 0, mx, 0, 1, my], after(map, [1, 0, -mx, 0, 1, -my]));
}

/** x -> outer(inner(x)). */
function after(outer: Affine, inner: Affine): Affine {
  const [a, b, c, d, e, f] = outer;
  const [g, h, i, j, k, l] = inner;
  return [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f];
}

/** The mean of the four corners: what a picture that is moved away shows behind its edge. */
function edgeColour(pixels: Uint8Array, from: number, { width: w, height: h, channels }: ModelInput): number[] {
  const corners = [0, w - 1, (h - 1) * w, h * w - 1].map(i => from + i * channels);
  return Array.from({ length: channels }, (_, k) => corners.reduce((sum, i) => sum + pixels[i + k]!, 0) / 4);
}

function edged(
  pixels: Uint8Array,
  from: number,
  { width: w, height: h, channels }: ModelInput,
  x0: number,
  y0: number,
  fx: number,
  fy: number,
  k: number,
  edge: number,
): number {
  const at = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= w || y >= h ? edge : pixels[from + (y * w + x) * channels + k]!;
  const top = at(x0, y0) * (1 - fx) + at(x0 + 1, y0) * fx;
  const bottom = at(x0, y0 + 1) * (1 - fx) + at(x0 + 1, y0 + 1) * fx;
  return top * (1 - fy) + bottom * fy;
}

/** Brightness, contrast and saturation, each by up to this share either way; on values 0-255, in place. */
function colourChange(channels: number, most: number, random: Random): (value: number[]) => void {
  const brightness = random.between(1 - most, 1 + most);
  const contrast = random.between(1 - most, 1 + most);
  const saturation = channels === 3 ? random.between(1 - most, 1 + most) : 1;
  return value => {
    const grey = channels === 3 ? greyOf(value) : value[0]!;
    for (let k = 0; k < channels; k++) {
      const saturated = grey + (value[k]! - grey) * saturation;
      value[k] = clamp((saturated - 128) * contrast * brightness + 128 * brightness);
    }
  };
}

/**
 * Another colouring of the same shapes: brightness, contrast and saturation by up to 60 % either way, half of the pictures
 * grey, each channel brighter or darker by up to a half, one picture in five as its negative; on values 0-255, in place.
 */
function recolouring(channels: number, random: Random): (value: number[]) => void {
  const change = colourChange(channels, 0.6, random);
  const grey = channels === 3 && random.chance(0.5);
  const gains = Array.from({ length: channels === 3 ? 3 : 0 }, () => random.between(0.5, 1.5));
  const negative = random.chance(0.2);
  return value => {
    change(value);
    if (grey) value.fill(greyOf(value));
    for (const [k, gain] of gains.entries()) value[k] = clamp(value[k]! * gain);
    if (negative) for (let k = 0; k < channels; k++) value[k] = 255 - value[k]!;
  };
}

/** Luma of a colour, ITU-R BT.601. */
function greyOf([red, green, blue]: readonly number[]): number {
  return 0.299 * red! + 0.587 * green! + 0.114 * blue!;
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value));
}
