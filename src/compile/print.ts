/** A graph as text, one line for each instruction: for `describe()` and for tests. */
import type { Graph, GraphScalar, Instruction, ValueId } from '../ops/graph.js';
import { type Role, type Signature, signatures } from '../ops/ops.js';
import { type PointwiseProgram, printProgram } from '../ops/pointwise-program.js';
import { isFloat64Array } from '../realm.js';
import { type Cost, costOf } from './cost.js';
import { type Access, accessesOf, type InstructionArgs, isOp } from './passes/instruction.js';

export interface PrintOptions {
  /** Names for values, by number. Default: the kind and index, and `%number` for temporaries. */
  readonly names?: ReadonlyMap<ValueId, string>;
  /** Sizes, dynamic scalars, key sources and layouts too. Default false. */
  readonly sizes?: boolean;
  /** What each line costs, and the sum. Default false. */
  readonly costs?: boolean;
}

/**
 * Prints a graph: `%5 = linear(input0, state0, bias=state1) |> mul(relu(·), mask(%4, 0.5))`. Left of the `=` stands what is
 * written, right of it what is read, an optional value by its name; what is read and written stands on both sides. Behind `|>` stands
 * a post-op, whose `·` is the product. A pointwise op is printed as what it computes.
 */
export function printGraph(graph: Graph, options: PrintOptions = {}): string {
  const lines = graph.instructions.map((each) => printInstruction(each, graph, options));
  if (!options.costs) return lines.join('\n');
  const costs = graph.instructions.map((each) => costOf(each, graph.values));
  const width = Math.max(0, ...lines.map((line) => line.length));
  const total = costs.reduce(added, { flops: 0, bytesRead: 0, bytesWritten: 0 });
  return [
    ...lines.map((line, index) => `${line.padEnd(width)}  # ${printCost(costs[index]!)}`),
    `${`${lines.length} instructions`.padEnd(width)}  # ${printCost(total)}`,
  ].join('\n');
}

function added(a: Cost, b: Cost): Cost {
  return {
    flops: a.flops + b.flops,
    bytesRead: a.bytesRead + b.bytesRead,
    bytesWritten: a.bytesWritten + b.bytesWritten,
  };
}

function printInstruction(each: Instruction, { values }: Graph, { names, sizes = false }: PrintOptions): string {
  const nameOf = (value: ValueId): string => {
    const { kind, index } = values[value]!;
    return names?.get(value) ?? (kind === 'temporary' ? `%${value}` : `${kind}${index}`);
  };
  const signature: Signature = signatures[each.op];
  const label = (arg: string, value: ValueId) =>
    signature[arg]!.endsWith('?') ? `${arg}=${nameOf(value)}` : nameOf(value);
  const accesses = accessesOf(each);
  const written = accesses.filter(({ writes }) => writes).map(({ arg, value }) => label(arg, value));
  const inProgram: readonly string[] = ['inputs', 'states', 'keys', 'scalars', 'step'];
  const isArgument = ({ arg }: Access) => programOf(each) === null || !inProgram.includes(arg);
  const read = accesses
    .filter((access) => access.reads && isArgument(access))
    .map(({ arg, value }) => label(arg, value));
  const rest = Object.entries(signature).flatMap(([arg, role]) => printValue(each, arg, role, sizes));
  const program = programOf(each);
  const texts = program === null ? null : printProgram(program, programNames(each, nameOf));
  const left = written.length === 0 ? '' : `${written.join(', ')} = `;
  const behind = sizes ? ` (${rest.join(', ')})` : '';
  if (isOp(each, 'pointwise')) return `${left}${texts!.join(', ')}${behind}`;
  if (isOp(each, 'reduce')) {
    const { kind, divisor } = each.args;
    const result = `${['sum', 'max', 'min'][kind]}(${texts![0]})`;
    return `${left}${result}${divisor === 1 ? '' : ` / ${scalarName(divisor)}`}${behind}`;
  }
  const call = `${left}${each.op}(${[...read, ...rest].join(', ')})`;
  return texts === null ? call : `${call} |> ${texts.join(', ')}`;
}

function programOf({ args }: Instruction): PointwiseProgram | null {
  return (args.program as PointwiseProgram | null | undefined) ?? null;
}

/** What a program's operands are called in it; a product that it follows is `·`. */
function programNames(each: Instruction, nameOf: (value: ValueId) => string) {
  const { inputs, keys = [], scalars: listed, step = null } = each.args as Partial<InstructionArgs<'pointwise'>>;
  const scalars = listed!.map(scalarName);
  if (step !== null) scalars.push(`${nameOf(step)} + 1`);
  const names = isOp(each, 'indexUpdate') ? each.args.states.map(nameOf) : inputs!.map(nameOf);
  return {
    inputs: isOp(each, 'pointwise') || isOp(each, 'reduce') ? names : ['·', ...names],
    keys: keys.map(nameOf),
    scalars,
  };
}

const scalarName = (scalar: GraphScalar): string =>
  typeof scalar === 'number' ? String(scalar) : `scalar${scalar.dynamic}`;

function printValue({ args }: Instruction, arg: string, role: Role, sizes: boolean): string[] {
  const value = args[arg];
  if (role === 'flag') return value === true ? [arg] : [];
  if ((role === 'scalar' && typeof value === 'number') || role === 'int') return [`${arg}=${value}`];
  if (!sizes) return [];
  if (role === 'size') return [`${arg}=${value}`];
  if (role === 'scalar') return [`${arg}=${scalarName(value as GraphScalar)}`];
  if (role === 'keySource') return [`${arg}=keys${value}`];
  if (role === 'layout' && isFloat64Array(value)) {
    // Others than sizes and strides: the geometry of a convolution, say.
    if (arg !== 'layout') return [`${arg}=[${value.join(' ')}]`];
    const { inputs } = args as { inputs?: readonly ValueId[] };
    return [`${arg}=${printLayout(value, 1 + (inputs?.length ?? 2))}`];
  }
  return [];
}

/** Sizes and the strides of each operand, as `[32 10 | 10 1 | 0 1]`. */
function printLayout(layout: Float64Array, count: number): string {
  const rank = layout.length / count;
  const parts = Array.from({ length: count }, (_, part) => layout.subarray(part * rank, (part + 1) * rank).join(' '));
  return `[${parts.join(' | ')}]`;
}

function printCost({ flops, bytesRead, bytesWritten }: Cost): string {
  return `${scaled(flops, 1000)}FLOP, reads ${scaled(bytesRead, 1024)}B, writes ${scaled(bytesWritten, 1024)}B`;
}

/** With a prefix: in steps of 1000 (k, M, G, T) or of 1024 (Ki, Mi, Gi, Ti). */
function scaled(value: number, step: 1000 | 1024): string {
  const prefixes = step === 1000 ? ['', 'k', 'M', 'G', 'T'] : ['', 'Ki', 'Mi', 'Gi', 'Ti'];
  let power = 0;
  while (value >= step && power < prefixes.length - 1) {
    value /= step;
    power++;
  }
  return `${power === 0 ? value : Number(value.toPrecision(3))} ${prefixes[power]}`;
}
