import * as tf from '@tensorflow/tfjs-core';
import { wasmModule } from '../backend/wasm-module';
import type { WasmModule } from '../backend/wasm-module';
import type { TrainOptions } from './options';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** What is learned beside the network starts far from its place and is few: it may move faster. */
const HEAD_RATE = 10;

export interface Parameter {
  variable: tf.Variable;
  /**
   * What the penalty lambda/2 x^2 is of: the weights themselves; their softplus, which is what weighs of the weighted L1; or
   * nothing, as of biases and normalisation.
   */
  decays: 'weight' | 'softplus' | 'nothing';
  head: boolean;
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019), or momentum SGD with L2 decay in the gradient (Koch 2015). One kernel on wasm, composed of tfjs ops
 * elsewhere; the same to rounding.
 */
export class Optimiser {
  /** one or two tensors a parameter, in the order of the parameters */
  readonly moments: tf.Variable[][];

  constructor(
    readonly parameters: readonly Parameter[],
    private readonly options: Pick<TrainOptions, 'optimiser' | 'learningRate' | 'weightDecay' | 'schedule'>,
  ) {
    const each = options.optimiser === 'adam' ? 2 : 1;
    this.moments = parameters.map(({ variable }) =>
      Array.from({ length: each }, () => tf.tidy(() => tf.variable(tf.zeros(variable.shape), false))),
    );
  }

  /** One step. `step` counts from 0; `progress` is the share of the run that is over. */
  apply(gradients: readonly tf.Tensor[], step: number, progress: number, epoch: number): void {
    const base = this.options.learningRate * rateFactor(this.options.schedule, step, progress, epoch);
    const momentum = this.options.schedule === 'decay' ? Math.min(0.9, 0.5 + 0.4 * progress) : 0.9;
    for (const [i, { variable, decays, head }] of this.parameters.entries()) {
      const rate = base * (head ? HEAD_RATE : 1);
      const { weightDecay } = this.options;
      const decay = decays === 'weight' ? weightDecay : 0;
      const pull = decays === 'softplus' ? softplusPull(variable, weightDecay) : undefined;
      if (this.options.optimiser === 'adam') {
        this.adam(i, variable, gradients[i]!, rate, decay, step);
        if (pull) tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(pull, rate))));
      } else {
        const whole = pull ? tf.add(gradients[i]!, pull) : gradients[i]!;
        this.sgd(i, variable, whole, rate, decay, momentum);
        if (pull) whole.dispose();
      }
      pull?.dispose();
    }
  }

  private adam(i: number, w: tf.Variable, g: tf.Tensor, rate: number, decay: number, step: number): void {
    const [m, v] = this.moments[i] as [tf.Variable, tf.Variable];
    // Both bias corrections in the rate; epsilon is then scaled alike, as TensorFlow's own Adam does.
    const corrected = (rate * Math.sqrt(1 - BETA2 ** (step + 1))) / (1 - BETA1 ** (step + 1));
    const shrink = 1 - rate * decay;
    const wasm = tf.getBackend() === 'wasm' ? wasmModule() : undefined;
    if (wasm) {
      this.replace(wasm, w, out =>
        wasm.run.adam(...[w, g, m, v].map(t => wasm.at(t)), out, w.size, corrected, BETA1, BETA2, EPSILON, shrink),
      );
      return;
    }
    tf.tidy(() => {
      m.assign(tf.add(tf.mul(m, BETA1), tf.mul(g, 1 - BETA1)));
      v.assign(tf.add(tf.mul(v, BETA2), tf.mul(tf.square(g), 1 - BETA2)));
      const update = tf.div(tf.mul(m, corrected), tf.add(tf.sqrt(v), EPSILON));
      w.assign(tf.sub(tf.mul(w, shrink), update));
    });
  }

  private sgd(i: number, w: tf.Variable, g: tf.Tensor, rate: number, decay: number, momentum: number): void {
    const [v] = this.moments[i] as [tf.Variable];
    const wasm = tf.getBackend() === 'wasm' ? wasmModule() : undefined;
    if (wasm) {
      this.replace(wasm, w, out => wasm.run.sgd(...[w, g, v].map(t => wasm.at(t)), out, w.size, rate, momentum, decay));
      return;
    }
    tf.tidy(() => {
      v.assign(tf.add(tf.mul(v, momentum), tf.add(g, tf.mul(w, decay))));
      w.assign(tf.sub(w, tf.mul(v, rate)));
    });
  }

  private replace(wasm: WasmModule, w: tf.Variable, write: (out: number) => void): void {
    const made = wasm.output(w.shape);
    write(wasm.at(made));
    tf.tidy(() => w.assign(tf.engine().makeTensorFromTensorInfo(made)));
  }
}

/** Gradient of lambda/2 softplus(v)^2: lambda softplus(v) sigmoid(v). */
function softplusPull(v: tf.Tensor, lambda: number): tf.Tensor {
  return tf.tidy(() => tf.mul(tf.mul(tf.softplus(v), tf.sigmoid(v)), lambda));
}

/** A warm-up of 50 steps, or of a tenth of a run of fewer than 500, then the schedule. */
export function rateFactor(schedule: TrainOptions['schedule'], step: number, progress: number, epoch: number): number {
  const warmUp = Math.min(1, Math.max((step + 1) / 50, 10 * progress));
  if (schedule === 'cosine') return warmUp * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
  if (schedule === 'decay') return warmUp * 0.99 ** epoch;
  return warmUp;
}
