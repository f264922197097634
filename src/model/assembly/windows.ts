// Window operations that meet one channel at a time: gradients of max pooling and of depthwise convolution, NHWC.
import { fma } from './lanes';

/**
 * Gradient of max pooling: each output's gradient goes to the first largest value of its window. (The kernel that
 * tfjs-backend-wasm has is wrong where a window's largest value is <= 0.)
 */
export function maxPoolGradient(
  x: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32,
  left: i32, dx: usize,
): void {
  memory.fill(dx, 0, ((n * h * w) as usize) * (c as usize) * 4);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < oh; r++) {
      const h0 = max(0, r * sh - top);
      const h1 = min(h, r * sh - top + fh);
      for (let q = 0; q < ow; q++) {
        const w0 = max(0, q * sw - left);
        const w1 = min(w, q * sw - left + fw);
        for (let j = 0; j < c; j++) {
          let best: f32 = -Infinity;
          let where: usize = usize.MAX_VALUE;
          for (let a = h0; a < h1; a++) {
            let at = ((((i * h + a) * w + w0) as usize) * (c as usize) + (j as usize)) * 4;
            for (let b = w0; b < w1; b++) {
              const v = f32.load(x + at);
              if (v > best || where === usize.MAX_VALUE) {
                best = v;
                where = at;
              }
              at += (c as usize) * 4;
            }
          }
          if (where !== usize.MAX_VALUE) f32.store(dx + where, f32.load(dx + where) + f32.load(dy));
          dy += 4;
        }
      }
    }
  }
}

/**
 * Gradient of average pooling: each output's gradient in equal parts to the window's values inside the picture. (tfjs' own
 * divides by the whole window at the edges too, where the forward pass does not.)
 */
export function averagePoolGradient(
  dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32, left: i32,
  dx: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  memory.fill(dx, 0, ((n * h * w) as usize) * pixel);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < oh; r++) {
      const h0 = max(0, r * sh - top);
      const h1 = min(h, r * sh - top + fh);
      for (let q = 0; q < ow; q++) {
        const w0 = max(0, q * sw - left);
        const w1 = min(w, q * sw - left + fw);
        const share = (1.0 as f32) / (max(1, (h1 - h0) * (w1 - w0)) as f32);
        for (let a = h0; a < h1; a++) {
          for (let b = w0; b < w1; b++) {
            const to = dx + (((i * h + a) * w + b) as usize) * pixel;
            let j: usize = 0;
            for (; j + 16 <= pixel; j += 16) v128.store(to + j, fma(v128.load(dy + j), f32x4.splat(share), v128.load(to + j)));
            for (; j < pixel; j += 4) f32.store(to + j, f32.load(to + j) + f32.load(dy + j) * share);
          }
        }
        dy += pixel;
      }
    }
  }
}

/** dx [n,h,w,c] of a depthwise convolution with filter [fh,fw,c] (channel multiplier 1). */
export function depthwiseInputGradient(
  dy: usize, filter: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32,
  left: i32, dx: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  memory.fill(dx, 0, ((n * h * w) as usize) * pixel);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < oh; r++) {
      for (let q = 0; q < ow; q++) {
        for (let a = 0; a < fh; a++) {
          const ih = r * sh - top + a;
          if (ih < 0 || ih >= h) continue;
          for (let b = 0; b < fw; b++) {
            const iw = q * sw - left + b;
            if (iw < 0 || iw >= w) continue;
            const to = dx + (((i * h + ih) * w + iw) as usize) * pixel;
            const f = filter + ((a * fw + b) as usize) * pixel;
            let j: usize = 0;
            for (; j + 16 <= pixel; j += 16) v128.store(to + j, fma(v128.load(dy + j), v128.load(f + j), v128.load(to + j)));
            for (; j < pixel; j += 4) f32.store(to + j, f32.load(to + j) + f32.load(dy + j) * f32.load(f + j));
          }
        }
        dy += pixel;
      }
    }
  }
}

/** dw [fh,fw,c] of a depthwise convolution (channel multiplier 1). */
export function depthwiseFilterGradient(
  x: usize, dy: usize, n: i32, h: i32, w: i32, c: i32, oh: i32, ow: i32, fh: i32, fw: i32, sh: i32, sw: i32, top: i32,
  left: i32, dw: usize,
): void {
  const pixel: usize = (c as usize) * 4;
  memory.fill(dw, 0, ((fh * fw) as usize) * pixel);
  for (let i = 0; i < n; i++) {
    for (let r = 0; r < oh; r++) {
      for (let q = 0; q < ow; q++) {
        for (let a = 0; a < fh; a++) {
          const ih = r * sh - top + a;
          if (ih < 0 || ih >= h) continue;
          for (let b = 0; b < fw; b++) {
            const iw = q * sw - left + b;
            if (iw < 0 || iw >= w) continue;
            const from = x + (((i * h + ih) * w + iw) as usize) * pixel;
            const f = dw + ((a * fw + b) as usize) * pixel;
            let j: usize = 0;
            for (; j + 16 <= pixel; j += 16) v128.store(f + j, fma(v128.load(dy + j), v128.load(from + j), v128.load(f + j)));
            for (; j < pixel; j += 4) f32.store(f + j, f32.load(f + j) + f32.load(dy + j) * f32.load(from + j));
          }
        }
        dy += pixel;
      }
    }
  }
}
