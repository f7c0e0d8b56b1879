/**
 * What passes have to know of a listing before they move or merge anything: who reads and who writes each memory, and
 * which instructions may change places. Everything is derived from the roles of the op contract.
 */
import { ArgumentError } from '../../errors.js';
import type { Instruction, Listing, MemoryId, MemorySpec } from '../../ops/listing.js';
import { type Access, accessesOf, isOp, overwrites } from './instruction.js';
import { isDense, spaceOf } from './operands.js';

/** Ops that throw: what can be seen from outside must not change places with them. */
const checks: ReadonlySet<string> = new Set(['checkIndex', 'checkTarget', 'checkFinite']);

/** Whether an instruction does something besides writing memory: it throws, or it advances a generator. */
export function hasEffect({ op }: Instruction): boolean {
  return checks.has(op) || op === 'drawKey';
}

/** An instruction's accesses, with memory named by {@link Analysis.place}. */
interface Touch extends Access {
  /** Writes every element and reads none. */
  readonly whole: boolean;
}

/** Readers and writers of a listing whose arena has not been planned yet. */
export class Analysis {
  readonly listing: Listing;
  readonly #known: WeakMap<Instruction, readonly Touch[]>;
  readonly #touches: readonly (readonly Touch[])[];
  readonly #places: readonly MemoryId[];
  readonly #readers = new Map<MemoryId, number[]>();
  readonly #writers = new Map<MemoryId, number[]>();

  /** @param before of a listing with the same memories: what is known of its instructions is taken over. */
  constructor(listing: Listing, before?: Analysis) {
    // Temporaries share memory from then on, so that neither order nor readers can be told from their numbers.
    if (listing.arena >= 0) throw new ArgumentError('passes run before the arena is planned');
    this.listing = listing;
    const isSame = before?.listing.memories === listing.memories;
    this.#places = isSame ? before.#places : placesOf(listing.memories);
    this.#known = isSame ? before.#known : new WeakMap();
    this.#touches = listing.instructions.map((each) => this.#touchesOf(each));
    this.#touches.forEach((touches, index) => {
      for (const { memory, reads, writes, whole } of touches) {
        if (reads && !whole) note(this.#readers, memory, index);
        if (writes) note(this.#writers, memory, index);
      }
    });
  }

  /** One number for all memories that are the same: two that have different places never overlap. */
  place(memory: MemoryId): MemoryId {
    return this.#places[memory]!;
  }

  spec(memory: MemoryId): MemorySpec {
    return this.listing.memories[memory]!;
  }

  /** What an instruction reads and writes, memories by their place. */
  touches(index: number): readonly Touch[] {
    return this.#touches[index]!;
  }

  /** The instructions that read it, ascending. */
  readers(memory: MemoryId): readonly number[] {
    return this.#readers.get(this.place(memory)) ?? [];
  }

  /** The instructions that write any of it, ascending. */
  writers(memory: MemoryId): readonly number[] {
    return this.#writers.get(this.place(memory)) ?? [];
  }

  /**
   * The one instruction that gives a temporary its value, before anyone reads it; null when it is no temporary or when
   * it is written more than once.
   */
  definition(memory: MemoryId): number | null {
    const writers = this.writers(memory);
    const [only] = writers;
    if (this.spec(memory).kind !== 'temporary' || writers.length !== 1 || only === undefined) return null;
    const whole = this.touches(only).some((touch) => touch.memory === this.place(memory) && touch.whole);
    return whole && this.readers(memory).every((reader) => reader > only) ? only : null;
  }

  /** The one reader of a temporary that is written once; null when there is none or more than one. */
  soleReader(memory: MemoryId): number | null {
    const readers = this.readers(memory);
    return this.definition(memory) !== null && readers.length === 1 ? readers[0]! : null;
  }

  /** Whether any instruction after `first` and before `last` writes it. */
  writtenBetween(memory: MemoryId, first: number, last: number): boolean {
    return this.writers(memory).some((writer) => writer > first && writer < last);
  }

  #touchesOf(each: Instruction): readonly Touch[] {
    const known = this.#known.get(each);
    if (known !== undefined) return known;
    const touches = accessesOf(each).map((access) => ({
      ...access,
      memory: this.place(access.memory),
      whole: access.writes && (!access.reads || this.#copiesOver(each, access.memory)),
    }));
    this.#known.set(each, touches);
    return touches;
  }

  #copiesOver(each: Instruction, memory: MemoryId): boolean {
    return isOp(each, 'copy') && each.args.x !== memory && overwrites(each, this.spec(memory).length);
  }
}

function note(map: Map<MemoryId, number[]>, memory: MemoryId, index: number): void {
  const list = map.get(memory);
  if (list === undefined) map.set(memory, [index]);
  else if (list.at(-1) !== index) list.push(index);
}

/** State and outputs are the same memory when they have the same index; each temporary is separate. */
function placesOf(memories: readonly MemorySpec[]): MemoryId[] {
  const first: Record<Exclude<MemorySpec['kind'], 'temporary'>, MemoryId[]> = { state: [], input: [], output: [] };
  return memories.map(({ kind, index }, id) => {
    if (kind === 'temporary') return id;
    first[kind][index] ??= id;
    return first[kind][index];
  });
}

/** What a set of instructions reads, writes and does. */
class Footprint {
  readonly #reads = new Set<MemoryId>();
  readonly #writes = new Set<MemoryId>();
  readonly #sources = new Set<unknown>();
  #checks = false;
  /** Whether anything that it does can be seen when a check throws. */
  #lasting = false;

  add(analysis: Analysis, index: number): void {
    for (const { memory, reads, writes } of analysis.touches(index)) {
      if (reads) this.#reads.add(memory);
      if (writes) this.#writes.add(memory);
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
      .some(({ memory, writes }) => this.#writes.has(memory) || (writes && this.#reads.has(memory)));
  }
}

function effectsOf(analysis: Analysis, index: number) {
  const each = analysis.listing.instructions[index]!;
  const source = isOp(each, 'drawKey') ? each.args.source : undefined;
  const lasting =
    source !== undefined ||
    analysis.touches(index).some(({ memory, writes }) => writes && analysis.spec(memory).kind !== 'temporary');
  return { check: checks.has(each.op), source, lasting };
}

/**
 * Puts one instruction in the place of several, given by ascending indices. Of those between the first and the last,
 * the ones that do not need to stay behind any of them come before it, the others after it.
 * @param make the instruction, or makes it once there is an order; null when there is none to be made.
 * @param instead memory that the new instruction reads in the place of what one of them read: written before the first of them, and not
 * again before the last.
 * @returns null when that cannot be: one of them depends on something between that depends on another; or the new
 * instruction would write what it reads.
 */
export function fuse(
  analysis: Analysis,
  indices: readonly number[],
  make: Instruction | (() => Instruction | null),
  instead: readonly MemoryId[] = [],
): Listing | null {
  const order = orderAround(analysis, indices);
  if (order === null) return null;
  const fused = typeof make === 'function' ? make() : make;
  if (fused === null || overlaps(analysis, fused) || !isCovered(analysis, indices, fused, instead)) return null;
  const { listing } = analysis;
  const { instructions } = listing;
  const [start, end] = [Math.min(...indices), Math.max(...indices)];
  const isSettled = (memory: MemoryId) => analysis.writers(memory).every((writer) => writer < start || writer > end);
  if (!instead.every(isSettled)) return null;
  const at = (index: number) => instructions[index]!;
  return {
    ...listing,
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
  const [all, pushed] = [new Footprint(), new Footprint()];
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

/** Whether what it touches is what they touched: the order among instructions is known for that alone. */
function isCovered(
  analysis: Analysis,
  indices: readonly number[],
  fused: Instruction,
  instead: readonly MemoryId[],
): boolean {
  const touches = indices.flatMap((index) => analysis.touches(index));
  return accessesOf(fused).every(({ memory, reads, writes }) => {
    const same = touches.filter((touch) => touch.memory === analysis.place(memory));
    return (
      (!reads || instead.includes(memory) || same.some((touch) => touch.reads)) &&
      (!writes || same.some((touch) => touch.writes))
    );
  });
}

/** Whether it would write what it reads: only element by element, where a program does it, may that be. */
function overlaps(analysis: Analysis, fused: Instruction): boolean {
  const elementwise = elementwiseOperands(fused).map((memory) => analysis.place(memory));
  const accesses = accessesOf(fused).map((access) => ({ ...access, memory: analysis.place(access.memory) }));
  return accesses.some((one, i) => {
    const isShared = (other: Access, j: number) => {
      if (i === j || one.memory !== other.memory) return false;
      return !(other.arg === 'inputs' && one.arg === 'outputs' && elementwise.includes(one.memory));
    };
    return one.writes && accesses.some(isShared);
  });
}

/** Inputs of a program that are read where its outputs are written. */
function elementwiseOperands(fused: Instruction): readonly MemoryId[] {
  if (isOp(fused, 'linearWeightUpdate')) return fused.args.inputs;
  if (!isOp(fused, 'pointwise')) return [];
  const space = spaceOf(fused);
  const dense = space.operands.filter((operand) => isDense(space, operand)).map(({ memory }) => memory);
  const strided = space.operands.filter((operand) => !isDense(space, operand)).map(({ memory }) => memory);
  return dense.filter((memory) => !strided.includes(memory));
}

/**
 * Calls `rewrite` for each instruction until it returns no other listing for any. After each change it goes on from the first instruction
 * that is another one now.
 */
export function rewriteAll(listing: Listing, rewrite: (analysis: Analysis, index: number) => Listing | null): Listing {
  let analysis = new Analysis(listing);
  for (let isNew = true; isNew; ) {
    isNew = false;
    for (let index = 0; index < analysis.listing.instructions.length; ) {
      const next = rewrite(analysis, index);
      if (next === null) {
        index++;
        continue;
      }
      isNew = true;
      const before = analysis.listing.instructions;
      analysis = new Analysis(next, analysis);
      index = next.instructions.findIndex((each, at) => each !== before[at]);
      if (index < 0) index = next.instructions.length;
    }
  }
  return analysis.listing;
}
