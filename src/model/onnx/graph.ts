import { Message } from './protobuf';

/** TensorProto.DataType */
const FLOAT = 1;
export const UINT8 = 2;
const INT64 = 7;

/** AttributeProto.AttributeType */
const KIND = { float: 1, int: 2, string: 3, ints: 7 } as const;

export type Attribute = number | readonly number[] | string | { float: number };

/** Opset 18 and IR 8: read by every ONNX Runtime since 1.14. */
const OPSET = 18;
const IR_VERSION = 8;

/** An ONNX graph being built; values are named by strings. */
export class OnnxGraph {
  private readonly body = new Message();
  private readonly inputs: Message[] = [];
  private readonly outputs: Message[] = [];
  private readonly constants: Message[] = [];
  private count = 0;

  constructor(private readonly name: string) {}

  /** Declares an input; a dimension that is a text is open. */
  input(name: string, type: number, shape: readonly (number | string)[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(name: string, shape: readonly (number | string)[]): void {
    this.outputs.push(valueInfo(name, FLOAT, shape));
  }

  floats(values: Float32Array, shape: readonly number[]): string {
    return this.constant(FLOAT, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  integers(values: readonly number[]): string {
    const longs = BigInt64Array.from(values, BigInt);
    return this.constant(INT64, [values.length], new Uint8Array(longs.buffer));
  }

  /** Adds an operation with one output and returns that output's name. */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    output = this.next(type),
  ): string {
    const node = new Message();
    for (const input of inputs) node.text(1, input);
    node.text(2, output).text(3, output).text(4, type);
    for (const [name, value] of Object.entries(attributes)) node.message(5, attribute(name, value));
    this.body.message(1, node);
    return output;
  }

  finish(): Uint8Array {
    this.body.text(2, this.name);
    for (const constant of this.constants) this.body.message(5, constant);
    for (const input of this.inputs) this.body.message(11, input);
    for (const output of this.outputs) this.body.message(12, output);
    const opset = new Message().text(1, '').int(2, OPSET);
    return new Message().int(1, IR_VERSION).text(2, 'margin').message(7, this.body).message(8, opset).finish();
  }

  private constant(type: number, shape: readonly number[], raw: Uint8Array): string {
    const name = this.next('constant');
    const tensor = new Message();
    if (shape.length > 0) tensor.ints(1, shape);
    this.constants.push(tensor.int(2, type).text(8, name).bytes(9, raw));
    return name;
  }

  private next(prefix: string): string {
    return `${prefix}_${this.count++}`;
  }
}

function attribute(name: string, value: Attribute): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'string') return message.text(4, value).int(20, KIND.string);
  if (typeof value === 'number') return message.int(3, value).int(20, KIND.int);
  if ('float' in value) return message.float(2, value.float).int(20, KIND.float);
  return message.ints(8, value).int(20, KIND.ints);
}

function valueInfo(name: string, type: number, shape: readonly (number | string)[]): Message {
  const dims = new Message();
  for (const size of shape)
    dims.message(1, typeof size === 'string' ? new Message().text(2, size) : new Message().int(1, size));
  const tensor = new Message().int(1, type).message(2, dims);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
