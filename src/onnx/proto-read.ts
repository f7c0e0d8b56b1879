/** From the bytes of an ONNX file to its initialisers. */
import { fromBinary } from '@bufbuild/protobuf';
import {
  TensorProto_DataLocation as DataLocation,
  type ModelProto,
  ModelProtoSchema,
  type TensorProto,
} from 'onnx-buf';
import type { FileFacts } from '../files/source.js';
import { isError } from '../realm.js';
import type { ExternalData } from './external.js';
import type { Initializer } from './initializer.js';

export interface FoundInitializer extends Initializer {
  /** Where the elements are, when they are in another file. */
  readonly external: ExternalData | null;
}

/** @throws ArgumentError for what is no ONNX model. */
export function decodeInitializers(bytes: Uint8Array, fail: FileFacts['fail']): FoundInitializer[] {
  const { graph } = decode(bytes, fail);
  if (graph === undefined) return fail('is no ONNX model: there is no graph in it');
  const [sparse] = graph.sparseInitializer;
  if (sparse !== undefined) fail(`initializer '${sparse.values?.name ?? ''}' is sparse, which lanewise does not read`);
  return graph.initializer.map(found);
}

/** Field by field: what a file does not set is on the prototype of a message. */
function found(tensor: TensorProto): FoundInitializer {
  const { name, dims, dataType, rawData, floatData, doubleData, int32Data, int64Data, uint64Data } = tensor;
  const isExternal = tensor.dataLocation === DataLocation.EXTERNAL;
  const external = isExternal ? Object.fromEntries(tensor.externalData.map(({ key, value }) => [key, value])) : null;
  return { name, dims, dataType, rawData, floatData, doubleData, int32Data, int64Data, uint64Data, external };
}

function decode(bytes: Uint8Array, fail: FileFacts['fail']): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    return fail(`is no ONNX model: ${isError(cause) ? cause.message : cause}`, cause);
  }
}
