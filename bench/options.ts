/** What the command lines of the three programs share. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';

/** Files that are not what they should be, or what an option asks for and is not there. The program ends with 2. */
export class InputError extends Error {}

/** A command line that ends with its usage when it is wrong. */
export const commandLine = (name: string, description: string): Command =>
  new Command(`npm run ${name} --`)
    .description(description)
    .showHelpAfterError()
    .exitOverride()
    .allowExcessArguments(false);

/** The parsers of options. */
export const text = (value: string): string => {
  if (value === '') throw new InvalidArgumentError('It must not be empty.');
  return value;
};

export const texts = (value: string, before: readonly string[] = []): string[] => [...before, text(value)];

export const count = (least: number, most: number) => (value: string) => {
  if (/^\d+$/.test(value) && Number(value) >= least && Number(value) <= most) return Number(value);
  throw new InvalidArgumentError(`It must be an integer from ${least} to ${most}.`);
};

/** Names with commas between them. @param known those that may be there; null when that shows later. */
export const names = (known: readonly string[] | null) => (value: string) => {
  const found = value.split(',').map((each) => each.trim());
  const wrong = found.find((each) => each === '' || known?.includes(each) === false);
  if (wrong === undefined) return found;
  throw new InvalidArgumentError(`'${wrong}' is none of ${known?.join(', ') ?? 'the names of instruction sets'}.`);
};

/** Sets the exit code: what `main` gives, 2 for bad input, 1 for what should not have happened. */
export async function runProgram(main: () => number | Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    const isUsage = error instanceof CommanderError;
    // Commander has said what is wrong, or shown the help that was asked for.
    if (!isUsage) console.error(error instanceof InputError ? error.message : error);
    process.exitCode = isUsage && error.exitCode === 0 ? 0 : isUsage || error instanceof InputError ? 2 : 1;
  }
}
