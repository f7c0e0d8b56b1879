/** What a command is; its options, read; its help. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Something that has failed, said for people: exit code 1. */
export class CliError extends Error {}

/** Something the user has asked for that cannot be done as it is written: exit code 2. */
export class UsageError extends CliError {}

/** An option of a command. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for its value in the help. */
  readonly value?: string;
  readonly help: string;
}

/** Where a command writes, and what stops it. */
export interface Terminal {
  /** Results, for people and for pipes. */
  print(line: string): void;
  /** What is going on: to the other stream, so that results can be piped. */
  note(line: string): void;
  /** The last line of notes, written again and again; none where there is no terminal. */
  readonly showProgress: ((line: string) => void) | null;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** The values of options by name. */
export type Values = Readonly<Record<string, string | boolean | undefined>>;

export interface Command {
  readonly name: string;
  /** In a list of commands. */
  readonly summary: string;
  /** Behind the name: `TABLE --target COLUMN`. */
  readonly usage: string;
  /** Paragraphs of the help. */
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
  /** How many arguments it takes, at least and at most. */
  readonly arguments: readonly [least: number, most: number];
  /** Its exit code. */
  run(positionals: readonly string[], values: Values, terminal: Terminal): Promise<number>;
}

export const helpOption: Option = { type: 'boolean', short: 'h', help: 'print this help' };

/** @throws UsageError for options there are not, and for a wrong number of arguments. */
export function readArguments(command: Command, args: readonly string[]): { positionals: string[]; values: Values } {
  const entries = Object.entries({ ...command.options, help: helpOption });
  const options: ParseArgsConfig['options'] = Object.fromEntries(
    entries.map(([name, { type, short }]) => [name, short === undefined ? { type } : { type, short }]),
  );
  const { positionals, values } = tryToParse(args, options);
  const [least, most] = command.arguments;
  if (values.help !== true && (positionals.length < least || positionals.length > most))
    throw new UsageError(
      positionals.length < least
        ? `${command.name}: an argument is missing: lanewise ${command.name} ${command.usage}`
        : `${command.name}: '${positionals[most]}' is one argument too many`,
    );
  return { positionals, values };
}

function tryToParse(args: readonly string[], options: ParseArgsConfig['options']) {
  try {
    const { positionals, values } = parseArgs({ args: [...args], options: options ?? {}, allowPositionals: true });
    return { positionals, values: values as Values };
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** What `--help` prints. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, help: helpOption }).map(([name, { short, value, help }]) => {
    const names = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return [names, help] as const;
  });
  const width = Math.max(...options.map(([names]) => names.length)) + 2;
  return [
    `lanewise ${command.name} ${command.usage}`.trimEnd(),
    '',
    command.about,
    '',
    'Options:',
    ...options.map(([names, help]) => `  ${names.padEnd(width)}${help.replaceAll('\n', `\n  ${' '.repeat(width)}`)}`),
    '',
    command.examples.length === 1 ? 'Example:' : 'Examples:',
    ...command.examples.map((example) => `  ${example}`),
  ].join('\n');
}

/** A number from an option. @throws UsageError for anything else. */
export function numberOption(
  values: Values,
  name: string,
  fallback: number,
  { least = 0, most = Number.POSITIVE_INFINITY, isInteger = false } = {},
): number {
  const text = values[name];
  if (text === undefined) return fallback;
  const number = typeof text === 'string' && text.trim() !== '' ? Number(text) : Number.NaN;
  const law = `${isInteger ? 'an integer' : 'a number'} ${most === Number.POSITIVE_INFINITY ? `from ${least} on` : `from ${least} to ${most}`}`;
  if (!(number >= least && number <= most) || (isInteger && !Number.isSafeInteger(number)))
    throw new UsageError(`--${name} must be ${law}, got '${text}'`);
  return number;
}

/** Names with commas between them; those in double quotes may have commas inside. */
export function listOption(values: Values, name: string): string[] {
  const text = values[name];
  if (typeof text !== 'string') return [];
  const names = text.match(/"[^"]*"|[^,]+/g) ?? [];
  return names.map((each) => each.trim().replace(/^"(.*)"$/, '$1')).filter((each) => each !== '');
}

export function textOption(values: Values, name: string): string | null {
  const text = values[name];
  return typeof text === 'string' ? text : null;
}
