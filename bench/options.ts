/** The command line of the benchmark. */
import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Where to write the rows as JSON. */
  readonly json: string | null;
  /** Only workloads whose id contains this. */
  readonly filter: string;
  readonly quick: boolean;
  /** A Python with torch. */
  readonly python: string | null;
  readonly rounds: number;
}

const rounds = { full: 5, quick: 3 } as const;

export const usage = `Times lanewise against itself and others, in processes of their own, in turns.

  npm run bench -- [options]

  --filter TEXT   only workloads whose name contains TEXT, such as gemm, gemm/512, batch 128, dropout/copy
  --quick         few workloads, short turns: under a minute
  --rounds N      turns of each contender at each workload (default ${rounds.full}, with --quick ${rounds.quick})
  --python PATH   a Python that has torch: PyTorch in eager mode takes part
  --json FILE     also writes the rows there
  -h, --help      this text`;

/** Wrong options; the message says which. */
export class OptionError extends Error {}

/** Reads the command line. @throws OptionError. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parse(args);
  if (values.help) return null;
  for (const [name, value] of Object.entries(values))
    if (value === '') throw new OptionError(`--${name} must not be empty`);
  return {
    json: values.json ?? null,
    filter: values.filter ?? '',
    quick: values.quick,
    python: values.python ?? null,
    rounds: values.rounds === undefined ? rounds[values.quick ? 'quick' : 'full'] : checkRounds(values.rounds),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'string' },
        filter: { type: 'string' },
        quick: { type: 'boolean', default: false },
        python: { type: 'string' },
        rounds: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function checkRounds(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1000)
    throw new OptionError(`--rounds must be an integer from 1 to 1000, got '${text}'`);
  return value;
}
