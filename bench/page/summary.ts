/** The few numbers that a reader came for: the compiled step at each batch size. */
import { isNative, nativeCompiled, reference } from '../contenders/contenders.js';
import type { BenchDocument } from '../report/document.js';
import { onMostThreads, unique } from './figure.js';
import { inOrder, type Names } from './names.js';
import { batchesOf, trainingSteps } from './sections/training.js';

export interface Summary {
  readonly threads: number;
  readonly peers: readonly string[];
  readonly lines: readonly SummaryLine[];
}

export interface SummaryLine {
  readonly batch: number;
  readonly medianMs: number;
  readonly percentOfPeak: number | null;
  readonly p5PercentOfPeak: number | null;
  /** How many times as long each peer takes; null where it was not measured. */
  readonly ratios: readonly (number | null)[];
}

/** With SGD and on all threads; null when lanewise's compiled step was not measured. */
export function summarize(document: BenchDocument, names: Names): Summary | null {
  const rows = onMostThreads(trainingSteps(document).filter(({ optimizer }) => optimizer === 'SGD'));
  const own = rows.filter(({ contender }) => contender === nativeCompiled);
  if (own.length === 0) return null;
  const others = inOrder(rows.filter(({ contender }) => !isNative(contender) && contender !== reference));
  const peers = unique(others.map((row) => names.of(row)));
  const lines = batchesOf(own).map((batch): SummaryLine => {
    // The widest instruction set, where there are several, is the quickest.
    const row = own
      .filter((each) => each.batch === batch)
      .reduce((best, each) => (each.medianMs < best.medianMs ? each : best));
    const ratios = peers.map((peer) => {
      const theirs = others.find((each) => each.batch === batch && names.of(each) === peer);
      return theirs === undefined ? null : theirs.medianMs / row.medianMs;
    });
    const { medianMs, percentOfPeak, p5PercentOfPeak } = row;
    return { batch, medianMs, percentOfPeak, p5PercentOfPeak, ratios };
  });
  return { threads: Math.max(...own.map(({ threads }) => threads)), peers, lines };
}
