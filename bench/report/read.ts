/** Reads a document that `--json` wrote, perhaps elsewhere and long ago: nothing in it is taken for granted. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type BenchDocument, documentVersion } from './document.js';

/** A file that is no document of results; the message says which and why. */
export class DocumentError extends Error {}

const text = z.string();
const texts = z.array(text);
const count = z.int().min(0);
/** Of times and speeds. */
const positive = z.number().positive();

const row = z.object({
  case: text,
  contender: text,
  shape: text.nullable(),
  batch: count.nullable(),
  optimizer: text.nullable(),
  threads: count,
  isa: text.nullable(),
  point: z.object({ name: text, value: z.number() }).nullable(),
  medianMs: positive,
  p5Ms: positive,
  p10Ms: positive,
  p90Ms: positive,
  samples: count,
  roundMediansMs: z.array(positive),
  gflops: positive.nullable(),
  percentOfPeak: positive.nullable(),
  p5PercentOfPeak: positive.nullable(),
  speedupOverReference: positive.nullable(),
});

const bound = z.enum(['least', 'most']);

const documentSchema: z.ZodType<BenchDocument> = z.object({
  version: z.literal(documentVersion),
  run: z.object({
    startedAt: z.iso.datetime(),
    seconds: z.number(),
    options: texts,
    quick: z.boolean(),
    rounds: count,
    interrupted: z.boolean(),
  }),
  machine: z.object({
    cpu: text,
    logicalCpus: count,
    allowedCpus: count,
    isas: texts,
    threads: count,
    threadSource: text,
    node: text,
    platform: text,
    lanewise: z.object({ version: text, commit: text.nullable(), changed: z.boolean() }),
  }),
  contenders: z.array(
    z.object({
      id: text,
      isa: text.nullable(),
      versions: z.record(text, text),
      threads: count,
      threadSource: text,
      notes: texts,
    }),
  ),
  absent: z.array(z.object({ id: text, why: text })),
  failures: texts,
  peaks: z.array(z.object({ isa: text, threads: count, median: positive, lowest: positive, highest: positive })),
  rows: z.array(row),
  figures: z.array(
    z.object({
      case: text,
      what: text,
      value: z.number(),
      unit: text,
      target: z.number().nullable(),
      bound: bound.nullable(),
    }),
  ),
  targets: z.array(
    z.object({ what: text, value: z.number(), unit: text, target: z.number(), bound, reached: z.boolean() }),
  ),
});

/** @throws DocumentError for a file that cannot be read, is no JSON, or is no document of this version. */
export function readDocument(path: string): BenchDocument {
  let file: string;
  try {
    file = readFileSync(path, 'utf8');
  } catch (error) {
    throw new DocumentError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseDocument(file, path);
}

/** @param name stands in the message. */
export function parseDocument(json: string, name: string): BenchDocument {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new DocumentError(`${name} is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const version = z.object({ version: z.number() }).safeParse(value);
  if (!version.success) throw new DocumentError(`${name} is no document that the benchmark wrote: it has no version`);
  if (version.data.version !== documentVersion)
    throw new DocumentError(
      `${name} has version ${version.data.version}, this benchmark reads ${documentVersion}: measure again`,
    );
  const result = documentSchema.safeParse(value);
  if (!result.success)
    throw new DocumentError(`${name} is no document that the benchmark wrote:\n${z.prettifyError(result.error)}`);
  return result.data;
}
