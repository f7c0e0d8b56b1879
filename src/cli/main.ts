#!/usr/bin/env node
/** The command `lanewise`: exit code 0, 1 for an error, 2 for wrong usage, 130 after Ctrl-C. */
import { version } from '../copies.js';
import { LanewiseError } from '../errors.js';
import { benchCommand } from './bench.js';
import { CliError, type Command, helpOf, readArguments, type Terminal, UsageError } from './command.js';
import { exportCommand } from './export.js';
import { infoCommand } from './info.js';
import { predictCommand } from './predict.js';
import { trainCommand } from './train.js';

const commands: readonly Command[] = [infoCommand, trainCommand, predictCommand, exportCommand, benchCommand];

const help = `lanewise ${version}: neural networks on the CPU

Usage: lanewise COMMAND [arguments]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(9)}${summary}`).join('\n')}

'lanewise COMMAND --help' tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.`;

class Interrupted extends Error {}

function makeTerminal(): Terminal {
  const controller = new AbortController();
  process.on('SIGINT', () => {
    // The second time is meant.
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Interrupted('stopped by Ctrl-C'));
  });
  // What is piped into may have seen enough: `lanewise predict ... | head`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { stderr } = process;
  return {
    print: (line) => void process.stdout.write(`${line}\n`),
    note: (line) => void stderr.write(`${line}\n`),
    showProgress: stderr.isTTY ? (line) => void stderr.write(`\r\x1b[K${line}`) : null,
    signal: controller.signal,
  };
}

async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === '--version' || name === '-v') return print(terminal, version);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const asked = commands.find((command) => command.name === rest[0]);
    return print(terminal, asked === undefined ? help : helpOf(asked));
  }
  const command = commands.find((each) => each.name === name);
  if (command === undefined)
    throw new UsageError(`there is no command '${name}'; there are ${commands.map((each) => each.name).join(', ')}`);
  const { positionals, values } = readArguments(command, rest);
  if (values.help === true) return print(terminal, helpOf(command));
  return command.run(positionals, values, terminal);
}

function print(terminal: Terminal, text: string): number {
  terminal.print(text);
  return 0;
}

/** Tells of an error; its exit code. */
function fail(terminal: Terminal, error: unknown): number {
  if (error instanceof Interrupted) return 130;
  if (error instanceof CliError) {
    terminal.note(`lanewise: ${error.message}`);
    return error instanceof UsageError ? 2 : 1;
  }
  // What the library says is for people; anything else is a mistake of ours, or of the machine.
  terminal.note(
    error instanceof LanewiseError
      ? `lanewise: ${error.message}`
      : `lanewise: ${String((error as Error)?.stack ?? error)}`,
  );
  return 1;
}

// Not awaited here: the package's code is CommonJS.
const terminal = makeTerminal();
run(process.argv.slice(2), terminal).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.exitCode = fail(terminal, error);
  },
);
