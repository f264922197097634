import { initializers, input as inputLayer, layers, model as layersModel } from '@tensorflow/tfjs-layers';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { BACKBONE_DEFAULTS } from './choices';
import type { Backbone } from './choices';

export interface NetworkOptions {
  backbone: Backbone;
  width: number;
  height: number;
  channels: 1 | 3;
  /** length of the embedding */
  embeddingSize: number;
  /** multiplies the number of filters; default 1 */
  widen?: number;
  seed: number;
}

/**
 * Builds one branch of the siamese network: picture to embedding, not normalised. Both twins and all of a triplet are this
 * one network, so there is one set of weights.
 * @throws RangeError when the input is too small for the backbone
 */
export function buildNetwork(options: NetworkOptions): LayersModel {
  const { backbone, width, height, channels, embeddingSize } = options;
  const { smallest } = BACKBONE_DEFAULTS[backbone];
  if (Math.min(width, height) < smallest) {
    throw new RangeError(`${backbone} needs pictures of at least ${smallest} x ${smallest}, not ${width} x ${height}`);
  }
  const x = inputLayer({ shape: [height, width, channels], name: 'picture' });
  const make = new Maker(options.seed, options.widen ?? 1);
  const features = TRUNKS[backbone](make, x);
  // Koch's last layer is part of his network: 4096 sigmoid units, whose differences the weighted L1 weighs.
  const activation = backbone === 'koch' ? 'sigmoid' : 'linear';
  const embedding = make.dense(features, embeddingSize, activation);
  return layersModel({ inputs: x, outputs: embedding, name: backbone });
}

type Value = SymbolicTensor;

/** Layers with one seed after another, and widened numbers of filters. */
class Maker {
  private made = 0;

  constructor(
    private readonly seed: number,
    private readonly widen: number,
  ) {}

  filters(n: number): number {
    return Math.max(8, Math.round((n * this.widen) / 8) * 8);
  }

  conv(
    x: Value,
    filters: number,
    size: number,
    { stride = 1, bias = false, padding = 'same' as 'same' | 'valid' } = {},
  ): Value {
    const name = this.name('conv');
    return layers
      .conv2d({
        name,
        filters: this.filters(filters),
        kernelSize: size,
        strides: stride,
        padding,
        useBias: bias,
        kernelInitializer: initializers.heNormal({ seed: this.nextSeed() }),
      })
      .apply(x) as Value;
  }

  /** A 1 x 1 convolution to so many channels, whatever the widening. */
  exactly(x: Value, channels: number): Value {
    return this.conv(x, channels / this.widen, 1);
  }

  depthwise(x: Value, stride: number): Value {
    return layers
      .depthwiseConv2d({
        name: this.name('depthwise'),
        kernelSize: 3,
        strides: stride,
        padding: 'same',
        useBias: false,
        depthwiseInitializer: initializers.heNormal({ seed: this.nextSeed() }),
      })
      .apply(x) as Value;
  }

  /** Batch normalisation, then relu where wanted. */
  norm(x: Value, activation: 'linear' | 'relu' | 'relu6' = 'relu'): Value {
    const y = layers.batchNormalization({ name: this.name('norm'), momentum: 0.9, epsilon: 1e-3 }).apply(x) as Value;
    return activation === 'linear' ? y : this.relu(y, activation);
  }

  relu(x: Value, activation: 'relu' | 'relu6' = 'relu'): Value {
    const config = activation === 'relu6' ? { maxValue: 6 } : {};
    return layers.reLU({ name: this.name(activation), ...config }).apply(x) as Value;
  }

  pool(x: Value): Value {
    return layers.maxPooling2d({ name: this.name('pool'), poolSize: 2, strides: 2 }).apply(x) as Value;
  }

  halve(x: Value): Value {
    const config = { name: this.name('halve'), poolSize: 2, strides: 2, padding: 'same' } as const;
    return layers.averagePooling2d({ ...config, poolSize: [2, 2], strides: [2, 2] }).apply(x) as Value;
  }

  flatten(x: Value): Value {
    return layers.flatten({ name: this.name('flatten') }).apply(x) as Value;
  }

  average(x: Value): Value {
    return layers.globalAveragePooling2d({ name: this.name('average') }).apply(x) as Value;
  }

  /** Averages neighbours until neither side is longer than `most`. */
  shrink(x: Value, most: number): Value {
    while (Math.max(x.shape[1]!, x.shape[2]!) > most) x = this.halve(x);
    return x;
  }

  join(parts: Value[]): Value {
    return layers.concatenate({ name: this.name('join') }).apply(parts) as Value;
  }

  add(a: Value, b: Value): Value {
    return layers.add({ name: this.name('add') }).apply([a, b]) as Value;
  }

  dense(x: Value, units: number, activation: 'linear' | 'sigmoid'): Value {
    const kernelInitializer = initializers.glorotNormal({ seed: this.nextSeed() });
    return layers.dense({ name: 'embedding', units, activation, kernelInitializer }).apply(x) as Value;
  }

  private name(kind: string): string {
    return `${kind}_${++this.made}`;
  }

  private nextSeed(): number {
    return this.seed * 1009 + this.made;
  }
}

const TRUNKS: Record<Backbone, (make: Maker, x: Value) => Value> = {
  conv4: (make, x) => {
    for (let block = 0; block < 4; block++) x = make.pool(make.norm(make.conv(x, 64, 3)));
    return make.flatten(x);
  },
  koch: (make, x) => {
    const valid = { bias: true, padding: 'valid' } as const;
    x = make.pool(make.relu(make.conv(x, 64, 10, valid)));
    x = make.pool(make.relu(make.conv(x, 128, 7, valid)));
    x = make.pool(make.relu(make.conv(x, 128, 4, valid)));
    return make.flatten(make.relu(make.conv(x, 256, 4, valid)));
  },
  resnet: (make, x) => {
    const picture = x;
    const large = x.shape[1]! > 48;
    x = make.norm(make.conv(x, 32, 3, { stride: large ? 2 : 1 }));
    for (const [filters, stride] of [
      [32, 1],
      [64, 2],
      [96, 2],
      [160, 2],
    ] as const) {
      x = residual(make, x, filters, stride);
    }
    // Where something lies in the picture still counts, at any input size; and the picture itself, made small, stands beside
    // what was made of it: on classes never met that is as good a guess as any.
    return make.join([make.flatten(make.shrink(x, 4)), make.flatten(make.shrink(picture, 8))]);
  },
  mobile: (make, x) => {
    x = make.norm(make.conv(x, 16, 3, { stride: 2 }), 'relu6');
    for (const [expand, filters, repeats, stride] of [
      [1, 16, 1, 1],
      [4, 24, 2, 2],
      [4, 32, 2, 2],
      [4, 64, 3, 2],
      [4, 96, 2, 1],
      [4, 128, 2, 2],
    ] as const) {
      for (let i = 0; i < repeats; i++) x = inverted(make, x, expand, filters, i === 0 ? stride : 1);
    }
    return make.average(make.norm(make.conv(x, 256, 1), 'relu6'));
  },
};

/** Two 3 x 3 convolutions beside a short cut. */
function residual(make: Maker, x: Value, filters: number, stride: number): Value {
  let y = make.norm(make.conv(x, filters, 3, { stride }));
  y = make.norm(make.conv(y, filters, 3), 'linear');
  const same = stride === 1 && x.shape[3] === make.filters(filters);
  // Averaged, then 1 x 1 (He 2019, "ResNet-D"): a 1 x 1 convolution with stride 2 would pass three pixels in four over.
  const short = same ? x : make.norm(make.conv(stride === 2 ? make.halve(x) : x, filters, 1), 'linear');
  return make.relu(make.add(y, short));
}

/** Widen by 1 x 1, look around by depthwise 3 x 3, narrow by 1 x 1; a short cut where shapes agree. */
function inverted(make: Maker, x: Value, expand: number, filters: number, stride: number): Value {
  const channels = x.shape[3]!;
  let y = x;
  if (expand > 1) y = make.norm(make.exactly(y, channels * expand), 'relu6');
  y = make.norm(make.depthwise(y, stride), 'relu6');
  y = make.norm(make.conv(y, filters, 1), 'linear');
  return stride === 1 && channels === make.filters(filters) ? make.add(x, y) : y;
}
