/** Graphs written by hand: the ops of the contract as methods of a list, memory by its number. */
import { type InstructionArgs, instruction } from '../../../src/compile/passes/instruction.js';
import { printGraph } from '../../../src/compile/print.js';
import type { Graph, Instruction, ValueId, ValueSpec } from '../../../src/ops/graph.js';
import type { DType, OpName } from '../../../src/ops/ops.js';

export class List {
  readonly values: ValueSpec[] = [];
  readonly instructions: Instruction[] = [];
  dynamicScalars = 0;
  keySources = 0;

  temporary(length: number, dtype: DType = 'float32'): ValueId {
    return this.#value('temporary', length, dtype);
  }

  state(length: number, dtype: DType = 'float32'): ValueId {
    return this.#value('state', length, dtype);
  }

  input(length: number, dtype: DType = 'float32'): ValueId {
    return this.#value('input', length, dtype);
  }

  output(length: number, dtype: DType = 'float32'): ValueId {
    return this.#value('output', length, dtype);
  }

  /** Another name for the same memory. */
  again(value: ValueId): ValueId {
    return this.values.push(this.values[value]!) - 1;
  }

  dynamicScalar(): number {
    return this.dynamicScalars++;
  }

  keys(): number {
    return this.keySources++;
  }

  add<Name extends OpName>(op: Name, args: InstructionArgs<Name>): void {
    this.instructions.push(instruction(op, args));
  }

  graph(): Graph {
    const { values, instructions, dynamicScalars, keySources } = this;
    return { values: [...values], instructions: [...instructions], arena: -1, dynamicScalars, keySources };
  }

  #value(kind: ValueSpec['kind'], length: number, dtype: DType): ValueId {
    const index = kind === 'temporary' ? -1 : this.values.filter((other) => other.kind === kind).length;
    return this.values.push({ dtype, length, kind, index, panels: null }) - 1;
  }
}

/** The lines of a graph, to be compared with what a test says. */
export const lines = (graph: Graph): string[] => printGraph(graph).split('\n').filter(Boolean);
