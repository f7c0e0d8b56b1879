/** What the command lines of the three programs share. */
import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Wrong options, or files that are not what they should be; the message says which. The program ends with 2. */
export class InputError extends Error {}

type Options = NonNullable<ParseArgsConfig['options']>;
const help = { help: { type: 'boolean', short: 'h' } } as const;

/** Reads a command line. @throws InputError that ends with the usage. @returns null when help was asked for. */
export function readArguments<const Of extends Options>(args: readonly string[], usage: string, options: Of) {
  const refuse = (message: string): never => {
    throw new InputError(`${message}\n\n${usage}`);
  };
  const parse = () => {
    try {
      return parseArgs({ args: [...args], allowPositionals: true, options: { ...options, ...help } });
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
  };
  const { values, positionals } = parse();
  if ((values as { readonly help?: boolean }).help) return null;
  for (const [name, value] of Object.entries(values))
    if ([value].flat().includes('')) refuse(`--${name} must not be empty`);
  return { values, positionals, refuse };
}

/** Sets the exit code: what `main` gives, 2 for an InputError, 1 for what should not have happened. */
export async function runProgram(main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof InputError ? error.message : error);
    process.exitCode = error instanceof InputError ? 2 : 1;
  }
}
