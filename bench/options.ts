/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { contenderIds } from './contenders/contenders.js';

export interface BenchOptions {
  /** Where to write the rows as JSON. */
  readonly json: string | null;
  /** Only workloads whose id contains this. */
  readonly filter: string;
  readonly quick: boolean;
  /** Pythons with frameworks: `PATH`, or `MODULE=PATH` for one of them only. */
  readonly python: readonly string[];
  /** Ids of those who are to take part; null for all. */
  readonly contenders: readonly string[] | null;
  /** Instruction sets of the native contenders; null for the widest. */
  readonly isas: readonly string[] | null;
  readonly rounds: number;
  /** How long studies take over their long part. */
  readonly seconds: number;
}

const rounds = { full: 5, quick: 3 } as const;
const defaultSeconds = 60;

export const usage = `Times lanewise against itself and others, in processes of their own, in turns.

  npm run bench -- [options]

  --filter TEXT     only workloads whose name contains TEXT, such as gemm, gemm/512, batch 128, dropout/copy
  --quick           few workloads, short turns: a minute or two
  --contenders A,B  only these: ${contenderIds.slice(0, 5).join(', ')},
                    ${contenderIds.slice(5).join(', ')}
  --isa A,B         instruction sets of native and native-compiled (default: the widest of the machine)
  --python PATH     a Python that has torch, jax or tensorflow: those take part; can be given again,
                    also as torch=PATH, jax=PATH or tensorflow=PATH
  --rounds N        turns of each contender at each workload (default ${rounds.full}, with --quick ${rounds.quick})
  --seconds N       how long the case service trains beside requests (default ${defaultSeconds})
  --json FILE       also writes everything there, for npm run bench:report and bench:compare
  -h, --help        this text`;

/** Wrong options; the message says which. */
export class OptionError extends Error {}

/** Reads the command line. @throws OptionError. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parse(args);
  if (values.help) return null;
  for (const [name, value] of Object.entries(values))
    if ([value].flat().includes('')) throw new OptionError(`--${name} must not be empty`);
  return {
    json: values.json ?? null,
    filter: values.filter ?? '',
    quick: values.quick,
    python: values.python ?? [],
    contenders: checkNames('contenders', values.contenders, contenderIds),
    isas: checkNames('isa', values.isa, null),
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
        python: { type: 'string', multiple: true },
        contenders: { type: 'string' },
        isa: { type: 'string' },
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

/** @param known the names that may be there; null when that shows later. */
function checkNames(name: string, text: string | undefined, known: readonly string[] | null): string[] | null {
  if (text === undefined) return null;
  const names = text.split(',').map((each) => each.trim());
  const wrong = names.find((each) => each === '' || (known !== null && !known.includes(each)));
  if (wrong !== undefined)
    throw new OptionError(`--${name}: '${wrong}' is none of ${known?.join(', ') ?? 'the names of instruction sets'}`);
  return names;
}
