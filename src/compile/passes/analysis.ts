/**
 * What passes have to know of a listing before they move or merge anything: who reads and who writes each memory, and
 * which instructions may change places. Everything is derived from the roles of the op contract.
 */
import { ArgumentError } from '../../errors.js';
import type { Instruction, Listing, MemoryId, MemorySpec } from '../../ops/listing.js';
import { type Access, accessesOf, isOp, overwrites } from './instruction.js';

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
  readonly #touches: readonly (readonly Touch[])[];
  readonly #places: readonly MemoryId[];
  readonly #readers = new Map<MemoryId, number[]>();
  readonly #writers = new Map<MemoryId, number[]>();

  constructor(listing: Listing) {
    // Temporaries share memory from then on, so that neither order nor readers can be told from their numbers.
    if (listing.arena >= 0) throw new ArgumentError('passes run before the arena is planned');
    this.listing = listing;
    this.#places = placesOf(listing.memories);
    this.#touches = listing.instructions.map((each) =>
      accessesOf(each).map(({ arg, memory, reads, writes }) => ({
        arg,
        memory: this.place(memory),
        reads,
        writes,
        whole: writes && (!reads || this.#copiesOver(each, memory)),
      })),
    );
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
 * @returns null when that cannot be: one of them depends on something between that depends on another; or the new
 * instruction would write what it reads.
 */
export function fuse(analysis: Analysis, indices: readonly number[], fused: Instruction): Listing | null {
  if (overlaps(analysis, fused) || !isCovered(analysis, indices, fused)) return null;
  const { listing } = analysis;
  const { instructions } = listing;
  const members = new Set(indices);
  const start = Math.min(...indices);
  const end = Math.max(...indices);
  const all = new Footprint();
  const pushed = new Footprint();
  const before: Instruction[] = [];
  const after: Instruction[] = [];
  for (let index = start; index <= end; index++) {
    if (members.has(index)) {
      if (pushed.orders(analysis, index)) return null;
      all.add(analysis, index);
    } else if (all.orders(analysis, index)) {
      all.add(analysis, index);
      pushed.add(analysis, index);
      after.push(instructions[index]!);
    } else {
      before.push(instructions[index]!);
    }
  }
  return {
    ...listing,
    instructions: [...instructions.slice(0, start), ...before, fused, ...after, ...instructions.slice(end + 1)],
  };
}

/** Whether what it touches is what they touched: the order among instructions is known for that alone. */
function isCovered(analysis: Analysis, indices: readonly number[], fused: Instruction): boolean {
  const touches = indices.flatMap((index) => analysis.touches(index));
  return accessesOf(fused).every(({ memory, reads, writes }) => {
    const same = touches.filter((touch) => touch.memory === analysis.place(memory));
    return (!reads || same.some((touch) => touch.reads)) && (!writes || same.some((touch) => touch.writes));
  });
}

/** Only elementwise ops may write what they read, and no fused op is elementwise. */
function overlaps(analysis: Analysis, fused: Instruction): boolean {
  const accesses = accessesOf(fused).map((access) => ({ ...access, memory: analysis.place(access.memory) }));
  return accesses.some((one, i) => one.writes && accesses.some((other, j) => i !== j && one.memory === other.memory));
}

/**
 * Calls `rewrite` for each instruction in turn until it returns another listing, and starts again with that, until
 * nothing changes any more.
 */
export function rewriteAll(listing: Listing, rewrite: (analysis: Analysis, index: number) => Listing | null): Listing {
  let analysis = new Analysis(listing);
  for (let index = 0; index < analysis.listing.instructions.length; ) {
    const next = rewrite(analysis, index);
    if (next === null) {
      index++;
    } else {
      analysis = new Analysis(next);
      // What stood before the rewritten instruction is as it was, but it may fit together with what has come now.
      index = 0;
    }
  }
  return analysis.listing;
}
