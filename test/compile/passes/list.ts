/** Listings written by hand: the ops of the contract as methods of a list, memory by its number. */
import { instruction, type ListedArgs } from '../../../src/compile/passes/instruction.js';
import { printListing } from '../../../src/compile/print.js';
import type { Instruction, Listing, MemoryId, MemorySpec } from '../../../src/ops/listing.js';
import type { DType, OpName } from '../../../src/ops/ops.js';

export class List {
  readonly memories: MemorySpec[] = [];
  readonly instructions: Instruction[] = [];
  cells = 0;
  keySources = 0;

  temporary(length: number, dtype: DType = 'float32'): MemoryId {
    return this.#memory('temporary', length, dtype);
  }

  state(length: number, dtype: DType = 'float32'): MemoryId {
    return this.#memory('state', length, dtype);
  }

  input(length: number, dtype: DType = 'float32'): MemoryId {
    return this.#memory('input', length, dtype);
  }

  output(length: number, dtype: DType = 'float32'): MemoryId {
    return this.#memory('output', length, dtype);
  }

  /** Another name for the same memory. */
  again(memory: MemoryId): MemoryId {
    return this.memories.push(this.memories[memory]!) - 1;
  }

  cell(): number {
    return this.cells++;
  }

  keys(): number {
    return this.keySources++;
  }

  add<Name extends OpName>(op: Name, args: ListedArgs<Name>): void {
    this.instructions.push(instruction(op, args));
  }

  listing(): Listing {
    const { memories, instructions, cells, keySources } = this;
    return { memories: [...memories], instructions: [...instructions], arena: -1, cells, keySources };
  }

  #memory(kind: MemorySpec['kind'], length: number, dtype: DType): MemoryId {
    const index = kind === 'temporary' ? -1 : this.memories.filter((other) => other.kind === kind).length;
    return this.memories.push({ dtype, length, kind, index, panels: null }) - 1;
  }
}

/** The lines of a listing, to be compared with what a test says. */
export const lines = (listing: Listing): string[] => printListing(listing).split('\n').filter(Boolean);
