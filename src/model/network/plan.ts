import type { LayersModel } from '@tensorflow/tfjs-layers';

/** A layer of tf.layers, seen from outside. */
export type Layer = LayersModel['layers'][number];

/** One layer's use of one or more values to make another. */
export interface Step {
  layer: Layer;
  /** class name of the layer, e.g. `Conv2D` */
  kind: string;
  inputs: string[];
  output: string;
}

/** A network's layers in the order of computation, with every value named. */
export interface Plan {
  steps: Step[];
  input: string;
  output: string;
  /** how many steps read a value (the network's own output counts as one more) */
  uses: Map<string, number>;
}

/**
 * Flattens a LayersModel (nested Sequential and functional models too) into steps.
 * @throws Error when a layer is used more than once in it, or has several outputs: such a network runs as a whole only
 */
export function planOf(model: LayersModel): Plan {
  if (model.inputs.length !== 1 || model.outputs.length !== 1) {
    throw new Error(
      `the network has ${model.inputs.length} inputs and ${model.outputs.length} outputs; one of each is needed`,
    );
  }
  const steps: Step[] = [];
  const input = 'input';
  const output = flatten(model, input, '', steps);
  const uses = new Map<string, number>([[output, 1]]);
  for (const step of steps) for (const name of step.inputs) uses.set(name, (uses.get(name) ?? 0) + 1);
  return { steps, input, output, uses };
}

function flatten(model: LayersModel, input: string, prefix: string, steps: Step[]): string {
  const names = new Map<number, string>([[model.inputs[0]!.id, input]]);
  for (const layer of model.layers) {
    const kind = layer.getClassName();
    if (kind === 'InputLayer') continue;
    // A model inside another has the node of its own building first; the one that reads this graph's values is wanted.
    const node = layer.inboundNodes.find(candidate => candidate.inputTensors.every(tensor => names.has(tensor.id)));
    if (!node || node.outputTensors.length !== 1) throw new Error(whyUnplaced(layer, names, prefix));
    const inputs = node.inputTensors.map(tensor => names.get(tensor.id)!);
    const nested = 'layers' in layer ? (layer as unknown as LayersModel) : undefined;
    let output = `${prefix}${layer.name}`;
    if (nested) output = flatten(nested, inputs[0]!, `${output}/`, steps);
    else steps.push({ layer, kind, inputs, output });
    names.set(node.outputTensors[0]!.id, output);
  }
  const found = names.get(model.outputs[0]!.id);
  if (found === undefined) throw new Error('the output is made by no layer');
  return found;
}

function whyUnplaced(layer: Layer, names: ReadonlyMap<number, string>, prefix: string): string {
  const missing = layer.inboundNodes.at(-1)?.inputTensors.find(({ id }) => !names.has(id))?.sourceLayer;
  return missing && missing.inboundNodes.length > 1
    ? `layer ${prefix}${missing.name} is used ${missing.inboundNodes.length} times in it`
    : `layer ${prefix}${layer.name} cannot be placed in a sequence`;
}

/** The step behind this one, where it alone reads this one's output. */
export function onlyFollower(plan: Plan, step: Step): Step | undefined {
  if (plan.uses.get(step.output) !== 1 || step.output === plan.output) return undefined;
  return plan.steps.find(other => other.inputs.includes(step.output));
}

/** `relu` or `relu6` where the step is nothing but that. */
export function reluOf(step: Step | undefined): 'relu' | 'relu6' | undefined {
  if (!step) return undefined;
  const config = step.layer.getConfig();
  if (step.kind === 'ReLU')
    return config['maxValue'] === 6 ? 'relu6' : (config['maxValue'] ?? null) === null ? 'relu' : undefined;
  if (step.kind !== 'Activation') return undefined;
  const name = config['activation'];
  return name === 'relu' || name === 'relu6' ? name : undefined;
}

/** A 2 x 2 max pooling with stride 2 and no padding. */
export function isHalvingPool(step: Step | undefined): boolean {
  if (step?.kind !== 'MaxPooling2D') return false;
  const { poolSize, strides, padding } = step.layer.getConfig();
  return String(poolSize) === '2,2' && String(strides) === '2,2' && padding === 'valid';
}
