/** What a model's JSON says of its input, before any tensor is made. */
export interface InputShape {
  width: number | null;
  height: number | null;
  channels: number | null;
}

/** The NHWC input shape that a model.json declares; null where it leaves a size open or does not say. */
export function declaredInputShape(
  format: 'layers-model' | 'graph-model',
  topology: object,
  signature: unknown,
): InputShape {
  const shape = format === 'layers-model' ? layersShape(topology) : graphShape(topology, signature);
  const at = (i: number): number | null => (shape && shape.length === 4 && (shape[i] ?? -1) > 0 ? shape[i]! : null);
  return { height: at(1), width: at(2), channels: at(3) };
}

type Json = Record<string, unknown>;

function layersShape(topology: object): (number | null)[] | undefined {
  let found: (number | null)[] | undefined;
  walk(topology, node => {
    const shape = node['batch_input_shape'] ?? node['batchInputShape'] ?? node['batch_shape'];
    if (!found && Array.isArray(shape)) found = shape as (number | null)[];
  });
  return found;
}

function graphShape(topology: object, signature: unknown): (number | null)[] | undefined {
  const inputs = (signature as Json | undefined)?.['inputs'] as Record<string, Json> | undefined;
  const first = inputs && Object.values(inputs)[0];
  const nodes = ((topology as Json)['node'] ?? []) as Json[];
  const placeholder = nodes.find(node => node['op'] === 'Placeholder');
  const attribute = ((placeholder?.['attr'] as Json | undefined)?.['shape'] as Json | undefined)?.['shape'];
  const tensorShape = (first?.['tensorShape'] ?? attribute) as Json | undefined;
  const dims = tensorShape?.['dim'] as Json[] | undefined;
  return dims?.map(dim => Number(dim['size'] ?? -1));
}

function walk(value: unknown, visit: (node: Json) => void): void {
  if (Array.isArray(value)) for (const entry of value) walk(entry, visit);
  else if (typeof value === 'object' && value !== null) {
    visit(value as Json);
    for (const entry of Object.values(value)) walk(entry, visit);
  }
}
