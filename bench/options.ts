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
  /** How long studies take over their long part. */
  readonly seconds: number;
}

const rounds = { full: 5, quick: 3 } as const;
const defaultSeconds = 60;

export const usage = `Times lanewise against itself and others, in processes of their own, in turns.

  npm run bench -- [options]

  --filter TEXT   only workloads whose name contains TEXT, such as gemm, gemm/512, batch 128, dropout/copy
  --quick         few workloads, short turns: under a minute
  --rounds N      turns of each contender at each workload (default ${rounds.full}, with --quick ${rounds.quick})
  --seconds N     how long the case service trains beside requests (default ${defaultSeconds})
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
    rounds: checkCount('rounds', values.rounds, rounds[values.quick ? 'quick' : 'full'], 1, 1000),
    seconds: checkCount('seconds', values.seconds, defaultSeconds, 2, 3600),
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
        seconds: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function checkCount(name: string, text: string | undefined, otherwise: number, least: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new OptionError(`--${name} must be an integer from ${least} to ${most}, got '${text}'`);
  return value;
}
