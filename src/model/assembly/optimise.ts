// Optimiser steps, one pass over a parameter. Moments are changed in place; the new weights go to `out`: XNNPACK keeps packed
// copies of weights by tensor, so a tensor that changed under it would be met in its old state.
import { fma } from './lanes';

/**
 * Adam (Kingma & Ba 2015) with decoupled weight decay (Loshchilov & Hutter 2019): `rate` holds the bias correction
 * already, `shrink` = 1 - learning rate * decay.
 */
export function adam(
  w: usize, g: usize, m: usize, v: usize, out: usize, n: i32, rate: f32, beta1: f32, beta2: f32, eps: f32, shrink: f32,
): void {
  const bytes = (n as usize) * 4;
  const b1 = f32x4.splat(beta1);
  const c1 = f32x4.splat(1 - beta1);
  const b2 = f32x4.splat(beta2);
  const c2 = f32x4.splat(1 - beta2);
  const e = f32x4.splat(eps);
  const lr = f32x4.splat(-rate);
  const keep = f32x4.splat(shrink);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const d = v128.load(g + i);
    const first = fma(v128.load(m + i), b1, f32x4.mul(d, c1));
    const second = fma(v128.load(v + i), b2, f32x4.mul(f32x4.mul(d, d), c2));
    v128.store(m + i, first);
    v128.store(v + i, second);
    const step = f32x4.div(first, f32x4.add(f32x4.sqrt(second), e));
    v128.store(out + i, fma(step, lr, f32x4.mul(v128.load(w + i), keep)));
  }
  for (; i < bytes; i += 4) {
    const d = f32.load(g + i);
    const first = f32.load(m + i) * beta1 + d * (1 - beta1);
    const second = f32.load(v + i) * beta2 + d * d * (1 - beta2);
    f32.store(m + i, first);
    f32.store(v + i, second);
    f32.store(out + i, f32.load(w + i) * shrink - (rate * first) / (sqrt<f32>(second) + eps));
  }
}

/** Momentum SGD with coupled L2 decay: v = momentum * v + (g + decay * w); w -= rate * v. */
export function sgd(w: usize, g: usize, v: usize, out: usize, n: i32, rate: f32, momentum: f32, decay: f32): void {
  const bytes = (n as usize) * 4;
  const mu = f32x4.splat(momentum);
  const lambda = f32x4.splat(decay);
  const lr = f32x4.splat(-rate);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const weight = v128.load(w + i);
    const velocity = fma(v128.load(v + i), mu, fma(weight, lambda, v128.load(g + i)));
    v128.store(v + i, velocity);
    v128.store(out + i, fma(velocity, lr, weight));
  }
  for (; i < bytes; i += 4) {
    const weight = f32.load(w + i);
    const velocity = f32.load(v + i) * momentum + (f32.load(g + i) + decay * weight);
    f32.store(v + i, velocity);
    f32.store(out + i, weight - rate * velocity);
  }
}
