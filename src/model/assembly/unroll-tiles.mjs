// Writes tiles.ts: register tiles with every accumulator a local of its own, since AssemblyScript has no macros and keeps
// no array in registers. Run `node src/model/assembly/unroll-tiles.mjs` after a change here; a test compares the two.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const times = (n, line) => Array.from({ length: n }, (_, i) => line(i)).join('\n');

/** `rows` pixels x 8 output channels of a convolution (or rows of a matrix product). */
const productTile = rows => `
/**
 * ${rows} pixels x 8 channels. \`xs\`, \`ys\`: tables of ${rows} addresses, written to \`offset\` bytes behind the latter; \`k\` floats in
 * a kernel row, \`kh\` rows.
 */
export function productTile${rows}(
  xs: usize, ys: usize, offset: usize, w: usize, bias: usize, kh: i32, k: i32, rowBytes: usize, lanes: i32, activation: i32,
): void {
${times(rows, r => `  let x${r}: usize = load<u32>(xs, ${4 * r});`)}
  const b0 = bias ? v128.load(bias) : f32x4.splat(0);
  const b1 = bias ? v128.load(bias, 16) : f32x4.splat(0);
${times(rows, r => `  let p${r} = b0;\n  let q${r} = b1;`)}
  for (let i = 0; i < kh; i++) {
${times(rows, r => `    let a${r} = x${r};`)}
    let t = k;
    for (; t >= 4; t -= 4) {
${times(
  4,
  u => `      const u${u} = v128.load(w, ${32 * u});
      const v${u} = v128.load(w, ${32 * u + 16});
${times(
  rows,
  r => `      const s${u}${r} = v128.load32_splat(a${r}, ${4 * u});
      p${r} = fma(s${u}${r}, u${u}, p${r});
      q${r} = fma(s${u}${r}, v${u}, q${r});`,
)}`,
)}
${times(rows, r => `      a${r} += 16;`)}
      w += 128;
    }
    for (; t > 0; t--) {
      const u = v128.load(w);
      const v = v128.load(w, 16);
${times(
  rows,
  r => `      const s${r} = v128.load32_splat(a${r});
      p${r} = fma(s${r}, u, p${r});
      q${r} = fma(s${r}, v, q${r});
      a${r} += 4;`,
)}
      w += 32;
    }
${times(rows, r => `    x${r} += rowBytes;`)}
  }
${times(rows, r => `  store8((load<u32>(ys, ${4 * r}) as usize) + offset, activate(p${r}, activation), activate(q${r}, activation), lanes);`)}
}
`;

/** `rows` inputs x 8 output channels of a filter gradient, summed over pixels. */
const gradientTile = rows => `
/** Adds what \`count\` pixels give to ${rows} rows x 8 channels of the filter's gradient; only \`valid\` rows are written. */
export function gradientTile${rows}(
  xs: usize, offset: usize, count: i32, g: usize, gStride: usize, out: usize, outStride: usize, valid: i32, lanes: i32,
): void {
${times(rows, r => `  let p${r} = f32x4.splat(0);\n  let q${r} = f32x4.splat(0);`)}
  for (let i = 0; i < count; i++) {
    const x: usize = (load<u32>(xs) as usize) + offset;
    const u = v128.load(g);
    const v = v128.load(g, 16);
${times(
  rows,
  r => `    const s${r} = v128.load32_splat(x, ${4 * r});
    p${r} = fma(s${r}, u, p${r});
    q${r} = fma(s${r}, v, q${r});`,
)}
    xs += 4;
    g += gStride;
  }
${times(rows, r => `  ${r === 0 ? '' : `if (valid > ${r}) `}add8(out + ${r} * outStride, p${r}, q${r}, lanes);`)}
}
`;

export const tiles = `// Written by unroll-tiles.mjs: do not edit.
import { add8, fma, store8, activate } from './lanes';
${[4, 6].map(rows => productTile(rows) + gradientTile(rows)).join('')}`;

const self = fileURLToPath(import.meta.url);
if (process.argv[1] === self) writeFileSync(self.replace(/unroll-tiles\.mjs$/, 'tiles.ts'), tiles);
