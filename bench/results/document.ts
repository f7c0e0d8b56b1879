/**
 * The results of one run as one JSON document: what `--json` writes, and what the report and the comparison read, perhaps
 * elsewhere and long after. Null stands where a figure does not apply.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { InputError } from '../options.js';

/** Changes whenever a reader of the version before would go wrong. */
export const documentVersion = 2;

const [text, texts, count] = [z.string(), z.array(z.string()), z.int().min(0)];
/** Of times and speeds. */
const positive = z.number().positive();

/** One contender at one workload on one number of threads. */
const row = z.object({
  case: text,
  contender: text,
  shape: text.nullable(),
  batch: count.nullable(),
  optimizer: text.nullable(),
  threads: count,
  isa: text.nullable(),
  /** Where the row stands in a sweep. */
  point: z.object({ name: text, value: z.number() }).nullable(),
  medianMs: positive,
  p5Ms: positive,
  p10Ms: positive,
  p90Ms: positive,
  samples: count,
  /** The median of each turn, in the order in which they were taken. */
  roundMediansMs: z.array(positive),
  /** At the median. */
  gflops: positive.nullable(),
  /** gflops of the FMA peak that was measured between the turns of the same workload with as many threads. */
  percentOfPeak: positive.nullable(),
  /** The same at the best 5th percentile. */
  p5PercentOfPeak: positive.nullable(),
  /** Median of the reference, which always computes on one thread, over this median. */
  speedupOverReference: positive.nullable(),
});

const machine = z.object({
  cpu: text,
  logicalCpus: count,
  /** Those that the affinity of the process allows. */
  allowedCpus: count,
  /** Instruction sets that lanewise's addon has kernels for and the processor runs, from narrow to wide. */
  isas: texts,
  /** What "all threads" means for every contender, and where the number comes from. */
  threads: count,
  threadSource: text,
  node: text,
  /** As in `linux x64`. */
  platform: text,
  lanewise: z.object({ version: text, commit: text.nullable(), changed: z.boolean() }),
});

const documentSchema = z.object({
  version: z.literal(documentVersion),
  run: z.object({
    startedAt: z.iso.datetime(),
    seconds: z.number(),
    /** The command line behind `npm run bench --`. */
    options: texts,
    quick: z.boolean(),
    /** Turns of each contender at each workload. */
    rounds: count,
    /** Whether it was stopped before its end. */
    interrupted: z.boolean(),
  }),
  machine,
  /** What took part, in the order of the table. The id and the instruction set together name a contender. */
  contenders: z.array(
    z.object({
      id: text,
      isa: text.nullable(),
      versions: z.record(text, text),
      /** Threads that it uses by itself, and how it is told. */
      threads: count,
      threadSource: text,
      /** Settings that it runs with, and what else a reader should know, in sentences. */
      notes: texts,
    }),
  ),
  /** What did not, and why. */
  absent: z.array(z.object({ id: text, why: text })),
  /** What could not be measured, in sentences. */
  failures: texts,
  /** GFLOP/s of independent fused multiply-adds in registers, over the run. */
  peaks: z.array(z.object({ isa: text, threads: count, median: positive, lowest: positive, highest: positive })),
  rows: z.array(row),
  /** What studies found out. */
  figures: z.array(z.object({ case: text, what: text, value: z.number(), unit: text })),
});

export type BenchDocument = z.infer<typeof documentSchema>;
export type Row = z.infer<typeof row>;
export type Machine = z.infer<typeof machine>;

/** @throws InputError for a file that cannot be read, is no JSON, or is no document of this version. */
export function readDocument(path: string): BenchDocument {
  const attempt = <Value>(what: string, get: () => Value): Value => {
    try {
      return get();
    } catch (error) {
      throw new InputError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const json = attempt(`cannot read ${path}`, () => readFileSync(path, 'utf8'));
  const value = attempt(`${path} is no JSON`, () => JSON.parse(json) as unknown);
  const version = z.object({ version: z.number() }).safeParse(value).data?.version;
  if (version === undefined) throw new InputError(`${path} is no document that the benchmark wrote: it has no version`);
  if (version !== documentVersion)
    throw new InputError(`${path} has version ${version}, this benchmark reads ${documentVersion}: measure again`);
  const result = documentSchema.safeParse(value);
  if (result.success) return result.data;
  throw new InputError(`${path} is no document that the benchmark wrote:\n${z.prettifyError(result.error)}`);
}
