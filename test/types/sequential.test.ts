/** What the compiler says about chains of layers: the fixtures are compiled here, with the settings of the project. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const path = (name: string) => fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));

const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [path('good')] }, ts.sys, root);
const program = ts.createProgram([path('good'), path('bad'), path('long'), path('pointwise')], {
  ...options,
  noEmit: true,
});

interface Message {
  readonly line: number;
  readonly text: string;
}

function messages(name: string): Message[] {
  const file = program.getSourceFile(path(name))!;
  return ts.getPreEmitDiagnostics(program, file).map(({ start, messageText }) => ({
    line: file.getLineAndCharacterOfPosition(start!).line,
    text: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}

describe('the types of pointwise', () => {
  it('know the parameters of a formula and the arguments of the function', () => {
    expect(messages('pointwise')).toEqual([]);
  });
});

describe('the types of Sequential', () => {
  it('let good chains pass, long ones too', () => {
    expect(messages('good')).toEqual([]);
    expect(messages('long')).toEqual([]);
  });

  const lines = readFileSync(path('bad'), 'utf8').split('\n');
  const expected = lines.flatMap((line, i) => (line.startsWith('// ') ? [{ line: i, text: line.slice(3) }] : []));

  it('refuse each bad one, and nothing else', () => {
    const found = messages('bad');
    const belongsTo = (line: number) => expected.findLast((comment) => comment.line < line)!.text;
    expect(found.map(({ line }) => belongsTo(line))).toEqual(expected.map(({ text }) => text));
  });

  it.each(expected.map(({ line, text }, i) => [text, line, expected[i + 1]?.line ?? lines.length] as const))(
    '%s (line %i)',
    (text, from, to) => {
      const [message] = messages('bad').filter(({ line }) => line > from && line < to);
      expect(message?.text).toContain(text);
    },
  );
});
