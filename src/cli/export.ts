/** `lanewise export`: a model as an ONNX file. */

import { writeFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { type data, nn, noGrad } from '../index.js';
import { CliError, type Command, UsageError } from './command.js';
import { type Layer, loadModel, type ModelFile } from './model-file.js';

export const exportCommand: Command = {
  name: 'export',
  summary: "make an ONNX file of a model of 'lanewise train'",
  usage: 'MODEL.safetensors MODEL.onnx',
  about: `The input is float32 [rows, inputs] as the transformer makes it of a table, the output a number in the units of the target, or the probability
of each class. The transformer is in the metadata of the ONNX file (lanewise.transformer), and alone in MODEL.json if that is the
name to write to: data.ColumnTransformer.fromJSON reads it.`,
  options: {},
  examples: ['lanewise export houses.safetensors houses.onnx', 'lanewise export houses.safetensors transformer.json'],
  arguments: [2, 2],
  async run([path = '', out = ''], _values, terminal) {
    const file = await loadModel(path);
    const transformer = JSON.stringify(file.transformer);
    const type = extname(out).toLowerCase();
    if (type === '.json') await writeFile(out, transformer);
    else if (type === '.onnx') {
      // Loaded here only: the other commands start without it.
      const { exportOnnx } = await import('../onnx/index.js');
      await writeFile(
        out,
        exportOnnx(servable(file), [1, file.spec.inputSize], {
          dynamicBatch: true,
          metadata: { 'lanewise.transformer': transformer },
        }),
      );
    } else throw new UsageError(`export: a file ends in .onnx or .json, got '${out}'`);
    terminal.note(`inputs: ${file.transformer.featureNames.join(', ')}`);
    const classes = file.transformer.classes;
    terminal.note(
      classes === null
        ? 'output: a number in the units of the target'
        : `output: probabilities of ${classes.join(', ')}`,
    );
    terminal.print(`saved: ${out}`);
    return 0;
  },
};

/** The model with an output that needs no explanation: classes as probabilities, numbers in their units. */
function servable({ model, transformer }: ModelFile): nn.Sequential<Layer[]> {
  const layers: Layer[] = [...model];
  if (transformer.classes !== null) return new nn.Sequential(...layers, new nn.Softmax(1));
  const { center, scale } = transformer.toJSON().target as data.ColumnJSON &
    Readonly<Record<'center' | 'scale', number>>;
  const last = layers.at(-1);
  if (!(last instanceof nn.Linear)) throw new CliError('export: the last layer of the model is no Linear');
  const scaled = new nn.Linear(last.inFeatures, last.outFeatures);
  noGrad(() => {
    scaled.weight.copy_(last.weight.mul(scale));
    scaled.bias!.copy_(last.bias!.mul(scale).add(center));
  });
  return new nn.Sequential(...layers.slice(0, -1), scaled);
}
