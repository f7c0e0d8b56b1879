/** Pointwise functions on tensors: a program run over broadcast operands, with its derivative. */
import { currentOps } from '../ops/backend.js';
import type { DType, DynamicScalar, Layout } from '../ops/ops.js';
import { type PointwiseProgram, plainCall } from '../ops/pointwise-program.js';
import { derive, substitute } from '../pointwise/derivative.js';
import { type Emitted, emit } from '../pointwise/emit.js';
import { type Expression, ExpressionGraph } from '../pointwise/expression.js';
import { checkForward } from '../tensor/anomaly.js';
import { broadcastShapes, broadcastStrides, denseLayout, layoutOf, type Shape, sameShape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { sumTo } from './reduce-to.js';
import { empty } from './support.js';

/** Keys of dropout masks, and the shape of the matrix that they are drawn for. */
export interface MaskArguments {
  readonly keys: readonly Tensor[];
  readonly columns: number;
  /** The number of the matrix's first row in the batch of all ranks. Default 0. */
  readonly rowOffset?: number;
}

const noMasks: MaskArguments = { keys: [], columns: 1 };

export type Scalar = number | DynamicScalar;

/** What is written down of a pointwise function. */
export interface Definition {
  /** Of the gradient, as PyTorch has it: `SiluBackward0`. Default: `PointwiseBackward0`. */
  readonly gradName?: string;
  readonly inputs: number;
  readonly scalars?: number;
  readonly build: (inputs: readonly Expression[], scalars: readonly Expression[], graph: ExpressionGraph) => Expression;
  /** The gradient, where the rules of the nodes do not give it: at kinks, say. `y` is the output. */
  readonly gradient?: (
    grad: Expression,
    y: Expression,
    inputs: readonly Expression[],
    scalars: readonly Expression[],
  ) => readonly (Expression | null)[];
}

/** Where an input of the gradient's program comes from: the gradient of the output, the output, or an input by its number. */
type Source = 'grad' | 'output' | number;

interface Backward {
  /** For each input: null for none, `'grad'` for the gradient as it is, else which output of the program it is. */
  readonly results: readonly (null | 'grad' | number)[];
  readonly emitted: Emitted;
  readonly sources: readonly Source[];
}

interface Forward {
  readonly graph: ExpressionGraph;
  readonly inputs: readonly Expression[];
  readonly scalars: readonly Expression[];
  readonly output: Expression;
  readonly emitted: Emitted;
}

function forwardOf({ inputs, scalars = 0, build }: Definition): Forward {
  const graph = new ExpressionGraph();
  const of = {
    graph,
    inputs: Array.from({ length: inputs }, (_, i) => graph.input(i)),
    scalars: Array.from({ length: scalars }, (_, i) => graph.scalar(i)),
  };
  const output = graph.read(build(of.inputs, of.scalars, graph));
  return { ...of, output, emitted: emit([output]) };
}

/**
 * A differentiable function of the elements at one place. It is built at its first use: to build all those of the library takes a fourth of
 * the time of an import.
 */
export class PointwiseFunction {
  readonly #definition: Definition;
  #built: Forward | undefined;
  readonly #backwards = new Map<number, Backward>();

  constructor(definition: Definition) {
    this.#definition = definition;
  }

  get #forward(): Forward {
    this.#built ??= forwardOf(this.#definition);
    return this.#built;
  }

  /** What it runs for each element. */
  get program(): PointwiseProgram {
    return this.#forward.emitted.program;
  }

  /**
   * The result for operands of one float dtype whose shapes broadcast, with its gradient.
   * @throws ShapeError when they do not
   */
  apply(caller: string, inputs: readonly Tensor[], scalars: readonly Scalar[] = [], masks = noMasks): Tensor {
    const shape = shapeOf(caller, inputs);
    const output = this.#run(inputs, shape, scalars, masks);
    // The everyday call of a network that is not trained, or of labels, ends here.
    let wanted = 0;
    for (const [i, input] of inputs.entries()) if (input.requiresGrad) wanted |= 1 << i;
    const name = this.#definition.gradName ?? 'PointwiseBackward0';
    if (wanted === 0) return checkForward(name, output, inputs);
    const backward = this.#gradientFor(wanted);
    // What is compared alone has no gradient, as in PyTorch.
    if (backward.results.every((result) => result === null)) return output;
    const tensorOf = (source: Source) => (source === 'output' ? output : inputs[source as number]!);
    const saved = backward.sources.flatMap((source) => (source === 'grad' ? [] : [tensorOf(source)]));
    return setGradFn(name, output, inputs, [...saved, ...masks.keys], (grad) => {
      const operands = backward.sources.map((source) => (source === 'grad' ? grad : tensorOf(source)));
      const results = runProgram(backward.emitted, operands, shape, scalars, masks, grad.dtype);
      return inputs.map((input, i) => {
        const result = backward.results[i]!;
        return result === null ? null : sumTo(result === 'grad' ? grad : results[result]!, input);
      });
    });
  }

  /** The result without a gradient. */
  compute(caller: string, inputs: readonly Tensor[], scalars: readonly Scalar[] = []): Tensor {
    return this.#run(inputs, shapeOf(caller, inputs), scalars, noMasks);
  }

  /** Writes the result over the first operand, which has the shape that they broadcast to. No gradient. */
  write(inputs: readonly [Tensor, ...Tensor[]], scalars: readonly Scalar[] = []): void {
    const [target] = inputs;
    const { program, inputs: used, scalars: needed } = this.#forward.emitted;
    const operands = used.map((i) => inputs[i]!);
    currentOps().pointwise({
      ...plainCall,
      program,
      inputs: operands.map(({ storage }) => storage),
      scalars: needed.map((i) => scalars[i]!),
      outputs: [target.storage],
      layout: layoutFor(operands, target.shape, target.numel),
    });
  }

  #run(inputs: readonly Tensor[], shape: Shape, scalars: readonly Scalar[], masks: MaskArguments): Tensor {
    const { emitted } = this.#forward;
    const operands = emitted.inputs.map((i) => inputs[i]!);
    return runProgram(emitted, operands, shape, scalars, masks, inputs[0]!.dtype)[0]!;
  }

  /** The gradient for the inputs that require one, by their bits. */
  #gradientFor(wanted: number): Backward {
    const known = this.#backwards.get(wanted);
    if (known !== undefined) return known;
    const made = this.#derive(wanted);
    this.#backwards.set(wanted, made);
    return made;
  }

  #derive(wanted: number): Backward {
    const { graph, inputs, scalars, output } = this.#forward;
    const count = inputs.length;
    const [grad, saved] = [graph.input(count), graph.input(count + 1)];
    const { gradient } = this.#definition;
    const all = gradient === undefined ? derive(output, grad, inputs) : gradient(grad, output, inputs, scalars);
    const gradients = inputs.map((_, i) => ((wanted >> i) & 1 ? (all[i] ?? null) : null));
    const computed = gradients.filter((each) => each !== null && each !== grad) as Expression[];
    const plain = emit(computed);
    // With the output saved, where that saves arithmetic and no more memory is kept for it.
    const withOutput = emit(computed.map((each) => substitute(each, new Map([[output, saved]]))));
    const isBetter =
      output.of.kind !== 'input' &&
      withOutput.inputs.length <= plain.inputs.length &&
      withOutput.program.instructions.length <= plain.program.instructions.length;
    const emitted = isBetter ? withOutput : plain;
    let next = 0;
    return {
      results: gradients.map((each) => (each === null ? null : each === grad ? 'grad' : next++)),
      emitted,
      sources: emitted.inputs.map((i) => (i === count ? 'grad' : i === count + 1 ? 'output' : i)),
    };
  }
}

function shapeOf(caller: string, inputs: readonly Tensor[]): Shape {
  return inputs.map(({ shape }) => shape).reduce((a, b) => broadcastShapes(caller, a, b));
}

/** The layout of operands as they broadcast to a shape. */
function layoutFor(operands: readonly Tensor[], shape: Shape, numel: number): Layout {
  if (operands.every((each) => sameShape(each.shape, shape))) return denseLayout(numel, operands.length);
  return layoutOf(shape, ...operands.map((each) => broadcastStrides(each.shape, shape)));
}

/** Runs a program, each of whose outputs is a new tensor. `operands` are its own, `scalars` those of the function. */
function runProgram(
  { program, scalars: needed, keys }: Emitted,
  operands: readonly Tensor[],
  shape: Shape,
  scalars: readonly Scalar[],
  masks: MaskArguments,
  dtype: DType,
): Tensor[] {
  if (program.outputs.length === 0) return [];
  const outputs = program.outputs.map(() => empty(shape, dtype));
  currentOps().pointwise({
    ...plainCall,
    program,
    inputs: operands.map(({ storage }) => storage),
    keys: keys.map((i) => masks.keys[i]!.storage),
    scalars: needed.map((i) => scalars[i]!),
    outputs: outputs.map(({ storage }) => storage),
    layout: layoutFor(operands, shape, outputs[0]!.numel),
    columns: masks.columns,
    rowOffset: masks.rowOffset ?? 0,
  });
  return outputs;
}
