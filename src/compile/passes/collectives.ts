import type { Graph, GraphScalar, Instruction, ValueId } from '../../ops/graph.js';
import { Analysis, hasEffect } from './analysis.js';
import { type InstructionOf, instruction, isOp, withValues } from './instruction.js';

/** Gradients of fewer bytes travel together, in messages of at least as many: a message costs as much as some of these bytes. */
const bucketBytes = 262_144;

/** A sum over the ranks that is to be begun early. */
interface Bucket {
  readonly x: ValueId[];
  readonly out: ValueId[];
  readonly divisor: GraphScalar;
  /** The instruction after which it may begin; -1 at the start. */
  after: number;
}

/**
 * Begins sums over the ranks as soon as what they add is there, and waits for each before its first reader: they travel while the backward pass goes on.
 * Small ones go together unless the first is needed before the last is there, large ones in place. Behind the last one, what reads the first sum comes first. The order of the sums is that of the list, so
 * it is the same on every rank.
 */
export function overlapCollectives(graph: Graph): Graph {
  if (!graph.instructions.some((each) => isOp(each, 'allReduce'))) return graph;
  const inPlace = reduceInPlace(graph);
  const analysis = new Analysis(inPlace);
  const buckets = bucketsOf(analysis);
  const begun = new Map<number, Bucket[]>();
  for (const bucket of buckets) begun.set(bucket.after, [...(begun.get(bucket.after) ?? []), bucket]);
  const list: Instruction[] = (begun.get(-1) ?? []).map(startOf);
  for (const [index, each] of inPlace.instructions.entries()) {
    if (!isOp(each, 'allReduce')) list.push(each);
    list.push(...(begun.get(index) ?? []).map(startOf));
  }
  const ordered = readersInTurn({ ...inPlace, instructions: list }, buckets);
  return { ...inPlace, instructions: withWaits({ ...inPlace, instructions: ordered }, buckets) };
}

const startOf = ({ x, out, divisor }: Bucket): Instruction => instruction('allReduceStart', { x, out, divisor });

/** Sums that nothing but their own reader needs the terms of are put where the terms were. */
function reduceInPlace(graph: Graph): Graph {
  const analysis = new Analysis(graph);
  const instead = new Map<ValueId, ValueId>();
  for (const [index, each] of graph.instructions.entries()) {
    if (!isOp(each, 'allReduce')) continue;
    each.args.x.forEach((x, i) => {
      const out = each.args.out[i]!;
      const isAlone = analysis.soleReader(x) === index && analysis.definition(out) === index;
      if (isAlone && analysis.spec(x).length * 4 >= bucketBytes) instead.set(out, x);
    });
  }
  if (instead.size === 0) return graph;
  const instructions = graph.instructions.map((each) => withValues(each, (value) => instead.get(value) ?? value));
  return { ...graph, instructions };
}

/** In the order in which they can begin. */
function bucketsOf(analysis: Analysis): Bucket[] {
  const single: (Bucket & { readonly index: number })[] = [];
  for (const [index, each] of analysis.graph.instructions.entries()) {
    if (!isOp(each, 'allReduce')) continue;
    each.args.x.forEach((x, i) => {
      const out = each.args.out[i]!;
      const after = earliest(analysis, index, x, out);
      single.push({ x: [x], out: [out], divisor: each.args.divisor, after, index });
    });
  }
  single.sort((a, b) => a.after - b.after);
  const buckets: Bucket[] = [];
  /** What is not full, by divisor, and the first instruction that needs one of its sums: it has to begin before that. */
  const open = new Map<unknown, { readonly bucket: Bucket; needed: number }>();
  const bytesOf = ({ x }: Bucket): number => x.reduce((sum, value) => sum + 4 * analysis.spec(value).length, 0);
  for (const { index, ...next } of single) {
    if (bytesOf(next) >= bucketBytes) {
      buckets.push(next);
      continue;
    }
    const { divisor } = next;
    const key = typeof divisor === 'number' ? divisor : `dynamic ${divisor.dynamic}`;
    const reader = firstReader(analysis, index, next.out[0]!);
    const known = open.get(key);
    if (known !== undefined && next.after < known.needed) {
      known.bucket.x.push(...next.x);
      known.bucket.out.push(...next.out);
      known.bucket.after = next.after;
      known.needed = Math.min(known.needed, reader);
      if (bytesOf(known.bucket) >= bucketBytes) open.delete(key);
    } else {
      open.set(key, { bucket: next, needed: reader });
      buckets.push(next);
    }
  }
  return buckets.sort((a, b) => a.after - b.after);
}

/** The first instruction behind a sum that touches what it gives. */
function firstReader(analysis: Analysis, index: number, out: ValueId): number {
  const to = analysis.aliasClass(out);
  const { length } = analysis.graph.instructions;
  for (let next = index + 1; next < length; next++)
    if (analysis.touches(next).some(({ value }) => value === to)) return next;
  return length;
}

/** The last instruction that a sum has to stay behind. */
function earliest(analysis: Analysis, index: number, x: ValueId, out: ValueId): number {
  const [from, to] = [analysis.aliasClass(x), analysis.aliasClass(out)];
  const lasts = analysis.spec(out).kind !== 'temporary';
  for (let before = index - 1; before >= 0; before--) {
    const each = analysis.graph.instructions[before]!;
    const isOrdered = analysis.touches(before).some(({ value, writes }) => value === to || (writes && value === from));
    if (isOrdered || (lasts && hasEffect(each))) return before;
  }
  return -1;
}

/** Puts what stands behind the last start in the order of the sums that it waits for, as far as one depends on no other. */
function readersInTurn(graph: Graph, buckets: readonly Bucket[]): readonly Instruction[] {
  const analysis = new Analysis(graph);
  const { instructions } = graph;
  const first = instructions.findLastIndex((each) => isOp(each, 'allReduceStart')) + 1;
  const bucketOf = new Map<ValueId, number>();
  for (const [number, { out }] of buckets.entries())
    for (const value of out) bucketOf.set(analysis.aliasClass(value), number);
  const turns: number[] = [];
  for (let index = first; index < instructions.length; index++) {
    let turn = Math.max(-1, ...analysis.touches(index).map(({ value }) => bucketOf.get(value) ?? -1));
    for (let before = first; before < index; before++)
      if (dependsOn(analysis, index, before)) turn = Math.max(turn, turns[before - first]!);
    turns.push(turn);
  }
  const tail = instructions.slice(first).map((each, i) => ({ each, turn: turns[i]! }));
  tail.sort((a, b) => a.turn - b.turn);
  return [...instructions.slice(0, first), ...tail.map(({ each }) => each)];
}

/** Whether one instruction has to stay behind another. */
function dependsOn(analysis: Analysis, index: number, before: number): boolean {
  const { instructions } = analysis.graph;
  if (hasEffect(instructions[index]!) || hasEffect(instructions[before]!)) return true;
  const earlier = analysis.touches(before);
  return analysis
    .touches(index)
    .some(({ value, writes }) => earlier.some((touch) => touch.value === value && (writes || touch.writes)));
}

/** Waits before the first instruction that touches a sum, and at the end for those that nothing does. */
function withWaits(graph: Graph, buckets: readonly Bucket[]): Instruction[] {
  const analysis = new Analysis(graph);
  const list: Instruction[] = [];
  const under = new Set<Bucket>();
  const wait = (bucket: Bucket): void => {
    list.push(instruction('allReduceWait', { out: bucket.out }));
    under.delete(bucket);
  };
  for (const [index, each] of graph.instructions.entries()) {
    const touched = new Set(analysis.touches(index).map(({ value }) => value));
    for (const bucket of [...under])
      if (bucket.out.some((value) => touched.has(analysis.aliasClass(value)))) wait(bucket);
    list.push(each);
    if (isOp(each, 'allReduceStart')) under.add(bucketOfStart(each, buckets));
  }
  for (const bucket of [...under]) wait(bucket);
  return list;
}

const bucketOfStart = ({ args }: InstructionOf<'allReduceStart'>, buckets: readonly Bucket[]): Bucket =>
  buckets.find(({ out }) => out === args.out)!;
