/**
 * lanewise/onnx: models as ONNX files, and the weights of ONNX files.
 * @packageDocumentation
 */
export type { Example, ExampleOf, InputShape } from './example.js';
export { type ExportOptions, exportOnnx, saveOnnx } from './export.js';
export { type ImportOptions, importOnnxWeights, type WeightMapping } from './import.js';
