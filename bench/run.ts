/** The benchmark: `npm run bench -- --help`. */
import { accessSync, constants, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Entry, entryId, isStudy, loadCases, selectEntries } from './case.js';
import { isNative } from './contenders/contenders.js';
import { type ContenderProcess, ContenderLost } from './measure/contender-process.js';
import { estimateMs } from './measure/estimate.js';
import { type Field, startField } from './measure/field.js';
import { entrantsOf, type Measurement, measureEntry, type Outcome, type Pace } from './measure/schedule.js';
import { type Finding, measureStudy } from './measure/study.js';
import { type BenchOptions, OptionError, readOptions, usage } from './options.js';
import { type BenchDocument, documentVersion } from './report/document.js';
import { describeContenders, describeMachine } from './report/machine.js';
import { createProgress } from './report/progress.js';
import { buildRows, summarizePeaks } from './report/rows.js';
import { judge } from './report/targets.js';
import { formatContenders, formatDocument, formatMachine } from './report/text.js';

const exitCodes = { done: 0, failed: 1, badOption: 2, interrupted: 130 } as const;

const paces = {
  full: { warmUpMs: 100, turnMs: 200, startTurnMs: 400, mostMs: 4000, leastRounds: 3, peakMs: 10, settleMs: 5 },
  quick: { warmUpMs: 20, turnMs: 40, startTurnMs: 200, mostMs: 400, leastRounds: 1, peakMs: 5, settleMs: 2 },
} as const;

async function main(signal: AbortSignal, started: ContenderProcess[]): Promise<number> {
  const startedAt = new Date();
  const args = process.argv.slice(2);
  const options = readOptions(args);
  if (options === null) {
    console.log(usage);
    return exitCodes.done;
  }
  checkWritable(options.json);
  const entries = selectEntries(await loadCases(), options.filter, options.quick);
  if (entries.length === 0) throw new OptionError(`--filter: no workload's name contains '${options.filter}'`);

  const field = await startField(entries, options, started);
  const [machine, contenders] = [describeMachine(field), describeContenders(field, entries)];
  console.log(`${formatMachine(machine)}\n${formatContenders(contenders, field.absent)}\n`);
  const { measurements, findings, failures } = await measure(entries, field, options, signal);
  if (field.isas.length === 0 && (options.contenders?.some(isNative) ?? true) && needsNative(entries))
    failures.unshift('no native backend takes part: the addon could not be loaded');
  if (measurements.length === 0 && findings.length === 0 && failures.length === 0 && !signal.aborted)
    failures.push('nothing: nobody of those who were chosen takes part in these workloads');
  const isas = new Map(contenders.map(({ id, isa }) => [id, isa]));
  const rows = buildRows(measurements, isas);
  const document: BenchDocument = {
    version: documentVersion,
    run: {
      startedAt: startedAt.toISOString(),
      seconds: (Date.now() - startedAt.getTime()) / 1000,
      options: args,
      quick: options.quick,
      rounds: options.rounds,
      interrupted: signal.aborted,
    },
    machine,
    contenders,
    absent: field.absent,
    failures,
    peaks: summarizePeaks(measurements),
    rows,
    figures: findings,
    targets: judge(rows),
  };
  console.log(formatDocument(document));
  if (options.json !== null) writeFileSync(options.json, `${JSON.stringify(document, null, 2)}\n`);
  if (signal.aborted) return exitCodes.interrupted;
  return failures.length > 0 ? exitCodes.failed : exitCodes.done;
}

const needsNative = (entries: readonly Entry[]) => entries.some((entry) => entry.case.contenders !== 'start');

async function measure(
  entries: readonly Entry[],
  field: Field,
  options: BenchOptions,
  signal: AbortSignal,
): Promise<Outcome & { readonly findings: readonly Finding[] }> {
  const pace: Pace = { rounds: options.rounds, ...paces[options.quick ? 'quick' : 'full'] };
  const measurements: Measurement[] = [];
  const findings: Finding[] = [];
  const failures = new Set<string>();
  const progress = createProgress(entries.map((entry) => estimateMs(entry, field, pace, options.seconds)));
  try {
    for (const entry of entries) {
      if (signal.aborted) break;
      progress.begin(entryId(entry));
      if (isStudy(entry)) {
        const outcome = await measureStudy(entry, field.processes, options.seconds, signal);
        findings.push(...outcome.findings);
        for (const failure of outcome.failures) failures.add(failure);
      } else {
        const outcome = await measureEntry(entry, entrantsOf(entry, field.processes, field.allThreads), pace, signal);
        measurements.push(...outcome.measurements);
        for (const failure of outcome.failures) failures.add(failure);
      }
      progress.end();
    }
  } finally {
    progress.stop();
  }
  return { measurements, findings, failures: [...failures] };
}

/** Found out before the run, not after it. */
function checkWritable(json: string | null): void {
  if (json === null) return;
  try {
    accessSync(dirname(resolve(json)), constants.W_OK);
  } catch {
    throw new OptionError(`--json: cannot write to the folder of '${json}'`);
  }
}

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
  process.exitCode = await main(stop.signal, started);
} catch (error) {
  if (stop.signal.aborted) {
    process.exitCode = exitCodes.interrupted;
  } else if (error instanceof OptionError) {
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = exitCodes.badOption;
  } else {
    console.error(error instanceof ContenderLost ? error.message : error);
    process.exitCode = exitCodes.failed;
  }
}
endAll();
