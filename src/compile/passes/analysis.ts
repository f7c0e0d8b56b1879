/**
 * What passes have to know of a graph before they move or merge anything: who reads and who writes each value, and
 * which instructions may be reordered. Everything is derived from the roles of the op contract.
 */
import { ArgumentError } from '../../errors.js';
import type { Graph, Instruction, ValueId, ValueSpec } from '../../ops/graph.js';
import { traits } from '../../ops/ops.js';
import type { Traits } from '../../ops/traits.js';
import { type Access, accessesOf, isOp, overwrites } from './instruction.js';
import { isDense, spaceOf } from './operands.js';

/** Whether an instruction only checks: what can be seen from outside must not be reordered with it. */
const isCheck = ({ op }: Instruction): boolean => traits[op].throws !== undefined;

/** Whether an instruction does more than write memory: it throws, or it advances a generator. */
export function hasEffect(each: Instruction): boolean {
  return isCheck(each) || each.op === 'drawKey';
}

/** An instruction's accesses, with values named by {@link Analysis.aliasClass}. */
interface Touch extends Access {
  /** Writes every element and reads none. */
  readonly whole: boolean;
}

/** Readers and writers of a graph whose arena has not been planned yet. */
export class Analysis {
  readonly graph: Graph;
  readonly #known: WeakMap<Instruction, readonly Touch[]>;
  readonly #touches: readonly (readonly Touch[])[];
  readonly #aliasClasses: readonly ValueId[];
  readonly #readers = new Map<ValueId, number[]>();
  readonly #writers = new Map<ValueId, number[]>();

  /** @param before of a graph with the same values: what is known of its instructions is taken over. */
  constructor(graph: Graph, before?: Analysis) {
    // Temporaries share memory from then on, so that neither order nor readers can be told from their numbers.
    if (graph.arena >= 0) throw new ArgumentError('passes run before the arena is planned');
    this.graph = graph;
    const isSame = before?.graph.values === graph.values;
    this.#aliasClasses = isSame ? before.#aliasClasses : aliasClassesOf(graph.values);
    this.#known = isSame ? before.#known : new WeakMap();
    this.#touches = graph.instructions.map((each) => this.#touchesOf(each));
    this.#touches.forEach((touches, index) => {
      for (const { value, reads, writes, whole } of touches) {
        if (reads && !whole) note(this.#readers, value, index);
        if (writes) note(this.#writers, value, index);
      }
    });
  }

  /** One number for all values that share memory: values of different alias classes never overlap. */
  aliasClass(value: ValueId): ValueId {
    return this.#aliasClasses[value]!;
  }

  spec(value: ValueId): ValueSpec {
    return this.graph.values[value]!;
  }

  /** What an instruction reads and writes, values by their alias class. */
  touches(index: number): readonly Touch[] {
    return this.#touches[index]!;
  }

  /** The instructions that read it, ascending. */
  readers(value: ValueId): readonly number[] {
    return this.#readers.get(this.aliasClass(value)) ?? [];
  }

  /** The instructions that write any of it, ascending. */
  writers(value: ValueId): readonly number[] {
    return this.#writers.get(this.aliasClass(value)) ?? [];
  }

  /**
   * The one instruction that gives a temporary its value, before anyone reads it; null when it is no temporary or when
   * it is written more than once.
   */
  definition(value: ValueId): number | null {
    const writers = this.writers(value);
    const [only] = writers;
    if (this.spec(value).kind !== 'temporary' || writers.length !== 1 || only === undefined) return null;
    const whole = this.touches(only).some((touch) => touch.value === this.aliasClass(value) && touch.whole);
    return whole && this.readers(value).every((reader) => reader > only) ? only : null;
  }

  /** The one reader of a temporary that is written once; null when there is none or more than one. */
  soleReader(value: ValueId): number | null {
    const readers = this.readers(value);
    return this.definition(value) !== null && readers.length === 1 ? readers[0]! : null;
  }

  /** Whether any instruction after `first` and before `last` writes it. */
  writtenBetween(value: ValueId, first: number, last: number): boolean {
    return this.writers(value).some((writer) => writer > first && writer < last);
  }

  #touchesOf(each: Instruction): readonly Touch[] {
    const known = this.#known.get(each);
    if (known !== undefined) return known;
    const touches = accessesOf(each).map((access) => ({
      ...access,
      value: this.aliasClass(access.value),
      whole: access.writes && (!access.reads || this.#copiesOver(each, access.value)),
    }));
    this.#known.set(each, touches);
    return touches;
  }

  #copiesOver(each: Instruction, value: ValueId): boolean {
    return isOp(each, 'copy') && each.args.x !== value && overwrites(each, this.spec(value).length);
  }
}

function note(map: Map<ValueId, number[]>, value: ValueId, index: number): void {
  const list = map.get(value);
  if (list === undefined) map.set(value, [index]);
  else if (list.at(-1) !== index) list.push(index);
}

/** State and outputs are the same memory when they have the same index; each temporary is separate. */
function aliasClassesOf(values: readonly ValueSpec[]): ValueId[] {
  const first: Record<Exclude<ValueSpec['kind'], 'temporary'>, ValueId[]> = { state: [], input: [], output: [] };
  return values.map(({ kind, index }, id) => {
    if (kind === 'temporary') return id;
    first[kind][index] ??= id;
    return first[kind][index];
  });
}

/** What a set of instructions reads, writes and does. */
class AccessSet {
  readonly #reads = new Set<ValueId>();
  readonly #writes = new Set<ValueId>();
  readonly #sources = new Set<unknown>();
  #checks = false;
  /** Whether anything that it does can be seen when a check throws. */
  #lasting = false;

  add(analysis: Analysis, index: number): void {
    for (const { value, reads, writes } of analysis.touches(index)) {
      if (reads) this.#reads.add(value);
      if (writes) this.#writes.add(value);
    }
    const { check, source, lasting } = effectsOf(analysis, index);
    if (source !== undefined) this.#sources.add(source);
    this.#checks ||= check;
    this.#lasting ||= lasting;
  }

  /** Whether an instruction must stay behind this set. */
  orders(analysis: Analysis, index: number): boolean {
    const { check, source, lasting } = effectsOf(analysis, index);
    if ((check && (this.#checks || this.#lasting)) || (lasting && this.#checks)) return true;
    if (source !== undefined && this.#sources.has(source)) return true;
    return analysis
      .touches(index)
      .some(({ value, writes }) => this.#writes.has(value) || (writes && this.#reads.has(value)));
  }
}

function effectsOf(analysis: Analysis, index: number) {
  const each = analysis.graph.instructions[index]!;
  const source = isOp(each, 'drawKey') ? each.args.source : undefined;
  const lasting =
    source !== undefined ||
    analysis.touches(index).some(({ value, writes }) => writes && analysis.spec(value).kind !== 'temporary');
  return { check: isCheck(each), source, lasting };
}

/**
 * Replaces several instructions by one. They are given by ascending indices. Of those between the first and the last,
 * the ones that do not need to stay behind any of them come before it, the others after it.
 * @param make the instruction, or makes it once there is an order; null when there is none to be made.
 * @param instead memory that the new instruction reads instead of what one of them read: written before the first of them, and not
 * again before the last.
 * @returns null when that cannot be: one of them depends on something between that depends on another; or the new
 * instruction would write what it reads.
 */
export function fuse(
  analysis: Analysis,
  indices: readonly number[],
  make: Instruction | (() => Instruction | null),
  instead: readonly ValueId[] = [],
): Graph | null {
  const order = orderAround(analysis, indices);
  if (order === null) return null;
  const fused = typeof make === 'function' ? make() : make;
  if (fused === null || overlaps(analysis, fused) || !isCovered(analysis, indices, fused, instead)) return null;
  const { graph } = analysis;
  const { instructions } = graph;
  const [start, end] = [Math.min(...indices), Math.max(...indices)];
  const isSettled = (value: ValueId) => analysis.writers(value).every((writer) => writer < start || writer > end);
  if (!instead.every(isSettled)) return null;
  const at = (index: number) => instructions[index]!;
  return {
    ...graph,
    instructions: [
      ...instructions.slice(0, start),
      ...order.before.map(at),
      fused,
      ...order.after.map(at),
      ...instructions.slice(end + 1),
    ],
  };
}

/** What stands between some instructions, divided into what may come before all of them and what must come after. */
function orderAround(
  analysis: Analysis,
  indices: readonly number[],
): { readonly before: number[]; readonly after: number[] } | null {
  const members = new Set(indices);
  const [all, pushed] = [new AccessSet(), new AccessSet()];
  const [before, after]: [number[], number[]] = [[], []];
  for (let index = Math.min(...indices); index <= Math.max(...indices); index++) {
    if (members.has(index)) {
      if (pushed.orders(analysis, index)) return null;
      all.add(analysis, index);
    } else if (all.orders(analysis, index)) {
      all.add(analysis, index);
      pushed.add(analysis, index);
      after.push(index);
    } else {
      before.push(index);
    }
  }
  return { before, after };
}

/**
 * Whether what it touches is what they touched: the order among instructions is known for that alone. It reads what was there before all of
 * them, so not what one of them makes for another.
 */
function isCovered(
  analysis: Analysis,
  indices: readonly number[],
  fused: Instruction,
  instead: readonly ValueId[],
): boolean {
  return accessesOf(fused).every(({ value, reads, writes }) => {
    const same = indices
      .map((index) => analysis.touches(index).filter((touch) => touch.value === analysis.aliasClass(value)))
      .filter((touches) => touches.length > 0);
    return (
      (!reads || instead.includes(value) || (same[0]?.some((touch) => touch.reads) ?? false)) &&
      (!writes || same.flat().some((touch) => touch.writes))
    );
  });
}

/** The arguments of ops that are not elementwise. */
const none: NonNullable<Traits['elementwise']> = { inputs: [], outputs: [] };

/** Whether it would write what it reads: only element by element, where a program does it, may that be. */
function overlaps(analysis: Analysis, fused: Instruction): boolean {
  const { inputs, outputs } = traits[fused.op].elementwise ?? none;
  const elementwise = elementwiseOperands(fused).map((value) => analysis.aliasClass(value));
  const accesses = accessesOf(fused).map((access) => ({ ...access, value: analysis.aliasClass(access.value) }));
  return accesses.some((one, i) => {
    const isShared = (other: Access, j: number) => {
      if (i === j || one.value !== other.value) return false;
      return !(inputs.includes(other.arg) && outputs.includes(one.arg) && elementwise.includes(one.value));
    };
    return one.writes && accesses.some(isShared);
  });
}

/** Inputs that are read where outputs are written. */
function elementwiseOperands(fused: Instruction): readonly ValueId[] {
  if (!isOp(fused, 'pointwise')) {
    const { inputs } = traits[fused.op].elementwise ?? none;
    return accessesOf(fused).flatMap(({ arg, value }) => (inputs.includes(arg) ? [value] : []));
  }
  const space = spaceOf(fused);
  const dense = space.operands.filter((operand) => isDense(space, operand)).map(({ value }) => value);
  const strided = space.operands.filter((operand) => !isDense(space, operand)).map(({ value }) => value);
  return dense.filter((value) => !strided.includes(value));
}

/**
 * Calls `rewrite` for each instruction until it returns no other graph for any. After each change it goes on from the first instruction
 * that is another one now.
 */
export function rewriteAll(graph: Graph, rewrite: (analysis: Analysis, index: number) => Graph | null): Graph {
  let analysis = new Analysis(graph);
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (let index = 0; index < analysis.graph.instructions.length; ) {
      const next = rewrite(analysis, index);
      if (next === null) {
        index++;
        continue;
      }
      isNew = true;
      const before = analysis.graph.instructions;
      analysis = new Analysis(next, analysis);
      index = next.instructions.findIndex((each, at) => each !== before[at]);
      if (index < 0) index = next.instructions.length;
    }
  }
  return analysis.graph;
}
