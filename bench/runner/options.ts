/** The command line of the benchmark. */
import { contenderIds } from '../contenders/contenders.js';
import { readArguments } from '../options.js';
import type { Asked } from './field.js';
import type { Pace } from './schedule.js';

const paces = {
  full: {
    rounds: 5,
    warmUpMs: 100,
    turnMs: 200,
    startTurnMs: 400,
    mostMs: 4000,
    leastRounds: 3,
    peakMs: 10,
    settleMs: 5,
  },
  quick: { rounds: 3, warmUpMs: 20, turnMs: 40, startTurnMs: 200, mostMs: 400, leastRounds: 1, peakMs: 5, settleMs: 2 },
} satisfies Record<string, Pace>;
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
  --rounds N        turns of each contender at each workload (default ${paces.full.rounds}, with --quick ${paces.quick.rounds})
  --seconds N       how long the long part of a study takes (default ${defaultSeconds})
  --json FILE       also writes everything there, for npm run bench:report and bench:compare
  -h, --help        this text`;

export interface BenchOptions extends Asked {
  /** Where to write the document. */
  readonly json: string | null;
  /** Only workloads whose id contains this. */
  readonly filter: string;
  readonly quick: boolean;
  readonly pace: Pace;
  /** How long the long part of a study takes. */
  readonly seconds: number;
}

/** @throws InputError. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const read = readArguments(args, usage, {
    ...{
      json: { type: 'string' },
      filter: { type: 'string' },
      contenders: { type: 'string' },
      isa: { type: 'string' },
    },
    ...{ rounds: { type: 'string' }, seconds: { type: 'string' } },
    ...{ python: { type: 'string', multiple: true }, quick: { type: 'boolean', default: false } },
  });
  if (read === null) return null;
  const { values, positionals, refuse } = read;
  if (positionals.length > 0) refuse(`'${positionals[0]}' is no option`);
  const pace = paces[values.quick ? 'quick' : 'full'];
  const count = (name: 'rounds' | 'seconds', otherwise: number, least: number, most: number) => {
    const text = values[name] ?? String(otherwise);
    if (!/^\d+$/.test(text) || Number(text) < least || Number(text) > most)
      refuse(`--${name} must be an integer from ${least} to ${most}, got '${text}'`);
    return Number(text);
  };
  const names = (name: 'contenders' | 'isa', known: readonly string[] | null) => {
    const found = values[name]?.split(',').map((each) => each.trim()) ?? null;
    const wrong = found?.find((each) => each === '' || known?.includes(each) === false);
    if (wrong !== undefined)
      refuse(`--${name}: '${wrong}' is none of ${known?.join(', ') ?? 'the names of instruction sets'}`);
    return found;
  };
  return {
    json: values.json ?? null,
    filter: values.filter ?? '',
    quick: values.quick,
    python: values.python ?? [],
    contenders: names('contenders', contenderIds),
    isas: names('isa', null),
    pace: { ...pace, rounds: count('rounds', pace.rounds, 1, 1000) },
    seconds: count('seconds', defaultSeconds, 2, 3600),
  };
}
