/** From a graph to the bytes of an ONNX file. */
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type AttributeProtoSchema,
  AttributeProto_AttributeType as AttributeType,
  ModelProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from 'onnx-buf';
import { ArgumentError } from '../errors.js';
import { type Attribute, type Constant, elementTypes, type Graph, type GraphNode, type Value } from './graph.js';
import { type Batches, constantOf } from './quantity.js';

/** What stands in the file in addition to the graph. */
export interface Heading {
  /** Of the graph. */
  readonly name: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Of a protobuf message. */
const mostBytes = 2 ** 31 - 1;

/** The lowest format that has an opset. */
const irVersions: Readonly<Record<number, bigint>> = { 17: 8n, 18: 8n, 19: 9n, 20: 9n };

export const opsets = Object.keys(irVersions).map(Number);

/** @throws ArgumentError for more than 2 GiB. */
export function encodeModel(graph: Graph, outputs: readonly Value[], heading: Heading): Uint8Array {
  const constants = [...graph.constants.values()];
  const bytes = constants.reduce((total, { data }) => total + data.byteLength, 0);
  if (bytes > mostBytes)
    throw new ArgumentError(
      `exportOnnx: the parameters take ${bytes} bytes, and an ONNX file holds at most 2 GiB (${mostBytes} bytes)`,
    );
  const info = (value: Value) => infoOf(graph.batches, value);
  const model = create(ModelProtoSchema, {
    irVersion: irVersions[graph.opset]!,
    opsetImport: [{ domain: '', version: BigInt(graph.opset) }],
    producerName: 'lanewise',
    producerVersion: heading.version,
    metadataProps: Object.entries(heading.metadata).map(([key, value]) => ({ key, value })),
    graph: {
      name: heading.name,
      node: graph.nodes.map(nodeOf),
      initializer: constants.map(tensorOf),
      input: graph.inputs.map(info),
      output: outputs.map(info),
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function infoOf(batches: Batches, { name, type, shape }: Value): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => {
    const constant = constantOf(size);
    if (constant !== null) return { value: { case: 'dimValue' as const, value: BigInt(constant) } };
    // A size that is no multiple of the batch is left open.
    if (batches.affine(size) === null) return {};
    return { value: { case: 'dimParam' as const, value: batches.show(size).replaceAll('·', '*') } };
  });
  return { name, type: { value: { case: 'tensorType', value: { elemType: elementTypes[type], shape: { dim } } } } };
}

function nodeOf({ op, name, inputs, outputs, attributes }: GraphNode): MessageInitShape<typeof NodeProtoSchema> {
  return {
    opType: op,
    name,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes).map(([key, value]) => ({ name: key, ...attributeOf(value) })),
  };
}

function attributeOf(value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'number') return { type: AttributeType.INT, i: BigInt(value) };
  if ('real' in value) return { type: AttributeType.FLOAT, f: value.real };
  if ('text' in value) return { type: AttributeType.STRING, s: new TextEncoder().encode(value.text) };
  if ('texts' in value)
    return { type: AttributeType.STRINGS, strings: value.texts.map((text) => new TextEncoder().encode(text)) };
  if ('tensor' in value) return { type: AttributeType.TENSOR, t: tensorOf(value.tensor) };
  return { type: AttributeType.INTS, ints: value.map(BigInt) };
}

function tensorOf({ name, type, dims, data }: Constant): MessageInitShape<typeof TensorProtoSchema> {
  return { name, dataType: elementTypes[type], dims: dims.map(BigInt), rawData: littleEndian(data) };
}

/** All that lanewise runs on is little-endian, as the format is. */
function littleEndian({ buffer, byteOffset, byteLength }: Constant['data']): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
