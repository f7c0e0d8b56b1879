/** `lanewise predict`: what a model says of the rows of a table. */
import { type FileHandle, open } from 'node:fs/promises';
import { predict } from '../index.js';
import { type Command, textOption, UsageError } from './command.js';
import { csvLine, openCsv, readRows, type TableRow } from './csv.js';
import { loadModel, type ModelFile } from './model-file.js';

export const predictCommand: Command = {
  name: 'predict',
  summary: "say what a model of 'lanewise train' makes of rows",
  usage: 'MODEL.safetensors ROWS.csv [options]',
  about: `Writes the rows with one more column, predicted_TARGET. ROWS.csv needs the columns that the model was trained on, not
the target; - stands for what is piped in. Rows are read and written in parts, so the file may be of any size.`,
  options: {
    out: { type: 'string', short: 'o', value: 'FILE', help: 'where to write; default: standard output' },
    json: { type: 'boolean', help: 'a JSON object a line: prediction and, of classes, probabilities' },
    delimiter: { type: 'string', value: 'C', help: 'what is between cells; default: by the first line' },
  },
  examples: [
    'lanewise predict houses.safetensors new.csv --out priced.csv',
    'cat new.csv | lanewise predict houses.safetensors - --json',
  ],
  arguments: [2, 2],
  async run([path = '', rowsPath = ''], values, terminal) {
    const file = await loadModel(path);
    const csv = await openCsv(rowsPath, textOption(values, 'delimiter'));
    const out = textOption(values, 'out');
    const sink = out === null ? null : await openOutput(out);
    const column = `predicted_${file.transformer.toJSON().target?.column ?? 'target'}`;
    let firstRow = 0;
    try {
      for await (const rows of readRows(csv)) {
        terminal.signal.throwIfAborted();
        const answers = await answer(file, rows, firstRow);
        const lines =
          values.json === true
            ? answers.map((each) => JSON.stringify(each))
            : rows.map((row, i) => csvLine([...Object.values(row), answers[i]!.prediction], csv.delimiter));
        if (values.json !== true && firstRow === 0)
          lines.unshift(csvLine([...Object.keys(rows[0]!), column], csv.delimiter));
        firstRow += rows.length;
        if (sink === null) terminal.print(lines.join('\n'));
        else await sink.write(`${lines.join('\n')}\n`);
      }
    } finally {
      await sink?.close();
    }
    if (sink !== null) terminal.note(`${firstRow} rows: ${out}`);
    return 0;
  },
};

async function openOutput(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w');
  } catch (cause) {
    throw new UsageError(`--out: ${(cause as Error).message}`, { cause });
  }
}

interface Answer {
  readonly prediction: number | string | boolean;
  /** Of each class. */
  readonly probabilities?: Readonly<Record<string, number>>;
}

async function answer(
  { model, transformer }: ModelFile,
  rows: readonly TableRow[],
  firstRow: number,
): Promise<Answer[]> {
  const output = await predict(model, transformer.transform(rows, { firstRow }));
  const predictions = transformer.inverseTransformTarget(output);
  const classes = transformer.classes;
  if (classes === null) return predictions.map((prediction) => ({ prediction }));
  const probabilities = output.softmax(1).toArray() as number[][];
  return predictions.map((prediction, i) => ({
    prediction,
    probabilities: Object.fromEntries(classes.map((name, k) => [name, probabilities[i]![k]!])),
  }));
}
