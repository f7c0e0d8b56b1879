/** The benchmark: `npm run bench -- --help`. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Entry, entryId, loadCases, selectEntries } from './case.js';
import { isNative } from './contenders/contenders.js';
import { InputError, runProgram } from './options.js';
import { type BenchDocument, documentVersion } from './results/document.js';
import { describeContenders, describeMachine } from './results/machine.js';
import { buildRows, summarizePeaks } from './results/rows.js';
import { formatContenders, formatDocument, formatMachine } from './results/text.js';
import { type Field, startField } from './runner/field.js';
import { type BenchOptions, readOptions } from './runner/options.js';
import { ContenderLost, type ContenderProcess } from './runner/process.js';
import { createProgress } from './runner/progress.js';
import { entrantsOf, estimateMs, measureEntry, type Outcome } from './runner/schedule.js';

const exitCodes = { done: 0, failed: 1, interrupted: 130 } as const;

async function main(signal: AbortSignal, started: ContenderProcess[]): Promise<number> {
  const startedAt = new Date();
  const args = process.argv.slice(2);
  const options = readOptions(args);
  checkWritable(options.json);
  const entries = selectEntries(await loadCases(), options.filter, options.quick);
  if (entries.length === 0) throw new InputError(`--filter: no workload's name contains '${options.filter}'`);

  const field = await startField(entries, options, started);
  const [machine, contenders] = [describeMachine(field), describeContenders(field, entries)];
  console.log(`${formatMachine(machine)}\n${formatContenders({ contenders, absent: field.absent })}\n`);
  const { measurements, figures, failures } = await measure(entries, field, options, signal);
  const needsNative = entries.some((entry) => entry.case.contenders !== 'start');
  if (field.isas.length === 0 && (options.contenders?.some(isNative) ?? true) && needsNative)
    failures.unshift('no native backend takes part: the addon could not be loaded');
  if (measurements.length + figures.length + failures.length === 0 && !signal.aborted)
    failures.push('nothing: none of the contenders that were chosen takes part in these workloads');
  const { quick, pace } = options;
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const document: BenchDocument = {
    version: documentVersion,
    run: {
      startedAt: startedAt.toISOString(),
      seconds,
      options: args,
      quick,
      rounds: pace.rounds,
      interrupted: signal.aborted,
    },
    machine,
    contenders,
    absent: field.absent,
    failures: [...new Set(failures)],
    peaks: summarizePeaks(measurements),
    rows: buildRows(measurements, new Map(contenders.map(({ id, isa }) => [id, isa]))),
    figures,
  };
  console.log(formatDocument(document));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(document, null, 2)}\n`);
  if (signal.aborted) return exitCodes.interrupted;
  return failures.length > 0 ? exitCodes.failed : exitCodes.done;
}

async function measure(entries: readonly Entry[], field: Field, options: BenchOptions, signal: AbortSignal) {
  const all: Outcome = { measurements: [], figures: [], failures: [] };
  const parts = entries.map((entry) => ({ entry, entrants: entrantsOf(entry, field.processes, field.allThreads) }));
  const progress = createProgress(
    parts.map(({ entry, entrants }) => estimateMs(entry, entrants, options.pace, options.seconds)),
  );
  try {
    for (const { entry, entrants } of parts) {
      if (signal.aborted) break;
      progress.begin(entryId(entry));
      const outcome = await measureEntry(entry, entrants, options.pace, options.seconds, signal);
      all.measurements.push(...outcome.measurements);
      all.figures.push(...outcome.figures);
      all.failures.push(...outcome.failures);
    }
  } finally {
    progress.stop();
  }
  return all;
}

/** Found out before the run, not after it. */
function checkWritable(json: string | undefined): void {
  if (json === undefined) return;
  try {
    accessSync(dirname(resolve(json)), constants.W_OK);
  } catch {
    throw new InputError(`--json: cannot write to the folder of '${json}'`);
  }
}

async function run(): Promise<number> {
  const stop = new AbortController();
  const started: ContenderProcess[] = [];
  const endAll = () => {
    for (const process of started) process.kill();
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      stop.abort();
      endAll();
    });
  process.on('exit', endAll);
  try {
    return await main(stop.signal, started);
  } catch (error) {
    if (stop.signal.aborted) return exitCodes.interrupted;
    if (!(error instanceof ContenderLost)) throw error;
    console.error(error.message);
    return exitCodes.failed;
  } finally {
    endAll();
  }
}

await runProgram(run);
