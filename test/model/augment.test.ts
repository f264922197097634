import { describe, expect, it } from 'vitest';
import { augmentInto, plainInto } from '../../src/model/training/augment';
import type { Augmentation } from '../../src/model/training/options';
import { Random } from '../../src/model/training/random';

const OFF: Augmentation = {
  affine: false,
  flipHorizontal: false,
  flipVertical: false,
  crop: false,
  colour: false,
  recolour: false,
};

const inputOf = (width: number, height: number, channels: 1 | 3) => ({
  width,
  height,
  channels,
  fit: 'fill' as const,
  background: 255,
  scale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
});

const SIZE = 12;

/** A bright disc on a darker ground, in two colours. */
function disc(channels: 1 | 3): Uint8Array {
  const ground = [40, 70, 60];
  const figure = [200, 150, 90];
  return Uint8Array.from({ length: SIZE * SIZE * channels }, (_, i) => {
    const at = Math.floor(i / channels);
    const inside = Math.hypot((at % SIZE) - 5.5, Math.floor(at / SIZE) - 5.5) < 4;
    return (inside ? figure : ground)[i % channels]!;
  });
}

function changed(chosen: Partial<Augmentation>, channels: 1 | 3, seed: number, turn = 0): Float32Array {
  const out = new Float32Array(SIZE * SIZE * channels);
  const input = inputOf(SIZE, SIZE, channels);
  augmentInto(out, 0, disc(channels), 0, input, { ...OFF, ...chosen }, turn, new Random(seed));
  return out;
}

const colours = (picture: Float32Array, channels: number): Set<string> =>
  new Set(Array.from({ length: SIZE * SIZE }, (_, i) => picture.slice(i * channels, (i + 1) * channels).join()));

describe('pictures changed at random', () => {
  it.each([1, 3] as const)('are as they are where nothing is switched on, %i channels', channels => {
    const plain = new Float32Array(SIZE * SIZE * channels);
    plainInto(plain, 0, disc(channels), 0, inputOf(SIZE, SIZE, channels));
    const out = changed({}, channels, 1);
    for (const [i, value] of out.entries()) expect(value).toBeCloseTo(plain[i]!, 6);
  });

  it.each(['affine', 'flipHorizontal', 'flipVertical', 'crop', 'colour', 'recolour'] as const)(
    'repeat with their seed and stay what a picture can be: %s',
    kind => {
      const seen = new Set<string>();
      for (let seed = 0; seed < 40; seed++) {
        const out = changed({ [kind]: true }, 3, seed);
        expect(out).toEqual(changed({ [kind]: true }, 3, seed));
        expect(Math.min(...out)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...out)).toBeLessThanOrEqual(1);
        seen.add(out.join());
      }
      // Mirrored, a disc is itself.
      expect(seen.size).toBeGreaterThan(kind.startsWith('flip') ? 0 : 10);
    },
  );

  it.each([1, 3] as const)('keep their shapes in other colours, %i channels', channels => {
    const plain = changed({}, channels, 0);
    const before = colours(plain, channels);
    expect(before.size).toBe(2);
    let grey = 0;
    let negative = 0;
    for (let seed = 0; seed < 200; seed++) {
      const out = changed({ recolour: true }, channels, seed);
      // A place has the colour of the ground where it had it before, whatever colour that is now.
      for (let i = 0; i < SIZE * SIZE; i++) {
        const like = plain[i * channels] === plain[0] ? 0 : (SIZE / 2) * (SIZE + 1) * channels;
        for (let k = 0; k < channels; k++) expect(out[i * channels + k]).toBe(out[like + k]);
      }
      const middle = (SIZE / 2) * (SIZE + 1) * channels;
      if (out[middle]! < out[0]!) negative++;
      // Of a grey picture all that is left of colour is the gain of each channel, the same for figure and ground.
      const ratios = Array.from({ length: channels }, (_, k) => out[middle + k]! / out[k]!);
      if (Math.max(...ratios) - Math.min(...ratios) < 1e-5) grey++;
    }
    expect(negative).toBeGreaterThan(15);
    expect(negative).toBeLessThan(80);
    if (channels === 3) expect(grey).toBeGreaterThan(15);
  });

  it('change colour more with recolour than with colour, which then does nothing besides', () => {
    const distance = (chosen: Partial<Augmentation>) => {
      const plain = changed({}, 3, 0);
      let sum = 0;
      for (let seed = 0; seed < 50; seed++)
        for (const [i, value] of changed(chosen, 3, seed).entries()) sum += Math.abs(value - plain[i]!);
      return sum;
    };
    expect(distance({ recolour: true })).toBeGreaterThan(1.5 * distance({ colour: true }));
    expect(changed({ recolour: true, colour: true }, 3, 5)).toEqual(changed({ recolour: true }, 3, 5));
  });

  it('come back after four quarter turns, and mirrored twice', () => {
    const input = inputOf(SIZE, SIZE, 1);
    const start = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (i * 7) % 256);
    const turned = (bytes: Uint8Array, turn: number): Uint8Array => {
      const out = new Float32Array(SIZE * SIZE);
      augmentInto(out, 0, bytes, 0, input, OFF, turn, new Random(1));
      return Uint8Array.from(out, value => Math.round(value * 255));
    };
    expect(turned(start, 1)).not.toEqual(start);
    let bytes: Uint8Array = start;
    for (let quarter = 0; quarter < 4; quarter++) bytes = turned(bytes, 1);
    expect(bytes).toEqual(start);
    expect(turned(turned(start, 4), 4)).toEqual(start);
    expect(turned(start, 2)).toEqual(turned(turned(start, 1), 1));
  });
});
