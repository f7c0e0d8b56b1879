/** The benchmark: `npm run bench -- --help`. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { selectWorkloads, type Workload, workloadId } from './cases.js';
import { isNative } from './contenders/contenders.js';
import { InputError, runProgram } from './options.js';
import { type BenchDocument, documentVersion } from './results/document.js';
import { describeContenders, describeMachine } from './results/machine.js';
import { buildRows, summarizePeaks } from './results/rows.js';
import { formatContenders, formatDocument, formatMachine } from './results/text.js';
import { type Field, startField } from './runner/field.js';
import { type BenchOptions, readOptions } from './runner/options.js';
import { ContenderLost, type ContenderProcess } from './runner/process.js';
import { showProgress } from './runner/progress.js';
import { entrantsOf, measureWorkload, type Outcome } from './runner/schedule.js';

const exitCodes = { done: 0, failed: 1, interrupted: 130 } as const;

async function main(signal: AbortSignal, started: ContenderProcess[]): Promise<number> {
  const startedAt = new Date();
  const args = process.argv.slice(2);
  const options = readOptions(args);
  const { filter, quick, pace, json } = options;
  if (json !== undefined) checkWritable(json);
  const workloads = selectWorkloads(filter, quick);
  if (workloads.length === 0) throw new InputError(`--filter: no workload's name contains '${filter}'`);

  const field = await startField(workloads, options, started);
  const [machine, contenders] = [describeMachine(field), describeContenders(field)];
  console.log(`${formatMachine(machine)}\n${formatContenders({ contenders, absent: field.absent })}\n`);
  const { measurements, figures, failures } = await measure(workloads, field, options, signal);
  const wantsNative = (options.contenders ?? workloads.flatMap((each) => each.contenders)).some(isNative);
  if (field.isas.length === 0 && wantsNative)
    failures.unshift('no native backend takes part: the addon could not be loaded');
  if (measurements.length + figures.length + failures.length === 0 && !signal.aborted)
    failures.push('nothing: none of the contenders that were chosen takes part in these workloads');
  const seconds = (Date.now() - startedAt.getTime()) / 1000;
  const run = { startedAt: startedAt.toISOString(), seconds, options: args, quick, rounds: pace.rounds };
  const document: BenchDocument = {
    version: documentVersion,
    run: { ...run, interrupted: signal.aborted },
    machine,
    contenders,
    absent: field.absent,
    failures: [...new Set(failures)],
    peaks: summarizePeaks(measurements),
    rows: buildRows(measurements, new Map(contenders.map(({ id, isa }) => [id, isa]))),
    figures,
  };
  console.log(formatDocument(document));
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(document, null, 2)}\n`);
  if (signal.aborted) return exitCodes.interrupted;
  return failures.length > 0 ? exitCodes.failed : exitCodes.done;
}

async function measure(
  workloads: readonly Workload[],
  { processes, allThreads }: Field,
  { pace, seconds }: BenchOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const all: Outcome = { measurements: [], figures: [], failures: [] };
  const progress = showProgress(workloads.length);
  for (const workload of workloads) {
    if (signal.aborted) break;
    progress.begin(workloadId(workload));
    const entrants = entrantsOf(workload, processes, allThreads);
    const outcome = await measureWorkload(workload, entrants, pace, seconds, signal);
    all.measurements.push(...outcome.measurements);
    all.figures.push(...outcome.figures);
    all.failures.push(...outcome.failures);
  }
  progress.stop();
  return all;
}

/** Found out before the run, not after it. */
function checkWritable(json: string): void {
  try {
    accessSync(dirname(resolve(json)), constants.W_OK);
  } catch {
    throw new InputError(`--json: cannot write to the folder of '${json}'`);
  }
}

await runProgram(async () => {
  const stop = new AbortController();
  const started: ContenderProcess[] = [];
  const endAll = () => started.forEach((each) => void each.kill());
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
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
});
