/** Pooling over windows: as MaxPool and AveragePool where the windows are even, else as products with matrices of means. */
import { decodeWindows, positionsOf, type WindowDimension, type Windows } from '../../ops/windows.js';
import type { Call } from '../call.js';
import type { Graph, Value } from '../graph.js';
import type { Handlers } from '../handlers.js';
import type { Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

type Name = 'maxPool' | 'avgPool';

interface Images {
  readonly x: Value;
  readonly dims: readonly WindowDimension[];
  /** The sizes of what comes out. */
  readonly shape: readonly Quantity[];
}

function imagesOf(call: Call<Name>, to: Translator): Images {
  const { batches } = to.graph;
  const each = call.layouts('windows').map(decodeWindows);
  const { channels, dims } = each[0] as Windows;
  const lead = [each.map(({ batch }) => batch), batches.number(channels)];
  const x = to.readAs(call.memory('x'), [...lead, ...dims.map(({ size }) => batches.number(size))]);
  return { x, dims, shape: [...lead, ...dims.map(({ outSize }) => batches.number(outSize))] };
}

/** A dimension whose windows are alike and evenly apart. */
interface Even {
  readonly kernel: number;
  readonly stride: number;
  readonly padLow: number;
  readonly padHigh: number;
}

function evenOf({ size, outSize, starts, ends, dilation }: WindowDimension): Even | null {
  if (outSize === 0) return null;
  const [start, end] = [starts[0]!, ends[0]!];
  const isEven = starts.every(
    (each, i) => each === start + i * ((starts[1] ?? 0) - start) && ends[i]! - each === end - start,
  );
  if (!isEven || start > 0) return null;
  const reach = ends[outSize - 1]! - size;
  // Of a single window what lies behind it must not make room for another.
  const stride = outSize > 1 ? starts[1]! - start : Math.max(1, 1 - reach);
  return { kernel: Math.ceil((end - start) / dilation), stride, padLow: -start, padHigh: Math.max(0, reach) };
}

const attributesOf = (even: readonly Even[]) => ({
  kernel_shape: even.map(({ kernel }) => kernel),
  strides: even.map(({ stride }) => stride),
  pads: [...even.map(({ padLow }) => padLow), ...even.map(({ padHigh }) => padHigh)],
});

/** For each position of the result, what the mean over a window with its padding is multiplied by. */
function factorsOf(dims: readonly WindowDimension[], even: readonly Even[]): number[] {
  return dims.reduce<number[]>(
    (factors, { divisors }, d) => factors.flatMap((f) => divisors.map((divisor) => (f * even[d]!.kernel) / divisor)),
    [1],
  );
}

/** The mean of each window of the last dimension, as a matrix [size, outSize]. */
function meansOf(graph: Graph, type: Value['type'], dim: WindowDimension): Value {
  const { size, outSize } = dim;
  const data = type === 'float64' ? new Float64Array(size * outSize) : new Float32Array(size * outSize);
  for (let o = 0; o < outSize; o++) for (const at of positionsOf(dim, o)) data[at * outSize + o] = 1 / dim.divisors[o]!;
  return graph.constant(type, [size, outSize], data);
}

export const pooling: Pick<Handlers, Name> = {
  maxPool(call, to) {
    const { graph } = to;
    const { x, dims, shape } = imagesOf(call, to);
    const even = dims.map(evenOf);
    if (!even.every((dim) => dim !== null)) throw to.refuse('max pooling over uneven windows has no ONNX form');
    const attributes = { ...attributesOf(even), dilations: dims.map(({ dilation }) => dilation) };
    const index = call.optionalMemory('index');
    if (index === null) {
      to.write(call.memory('out'), graph.one('MaxPool', [x], x.type, shape, attributes));
      return;
    }
    const results = [
      { type: x.type, shape },
      { type: 'int64', shape },
    ] as const;
    const [out, at] = graph.node('MaxPool', [x], results, attributes);
    to.write(call.memory('out'), out!);
    // ONNX counts through the whole batch.
    const plane = dims.reduce((product, { size }) => product * size, 1);
    const inPlane = graph.one('Mod', [at!, graph.scalar('int64', plane)], 'int64', shape);
    to.write(index, graph.cast(inPlane, 'int32'));
  },

  avgPool(call, to) {
    const { graph } = to;
    const { x, dims, shape } = imagesOf(call, to);
    const even = dims.map(evenOf);
    if (even.every((dim) => dim !== null)) {
      const mean = graph.one('AveragePool', [x], x.type, shape, { ...attributesOf(even), count_include_pad: 1 });
      const factors = factorsOf(dims, even);
      const isOne = factors.every((factor) => factor === 1);
      const sizes = dims.map(({ outSize }) => outSize);
      const scale = () =>
        graph.constant(x.type, sizes, x.type === 'float64' ? Float64Array.from(factors) : Float32Array.from(factors));
      to.write(call.memory('out'), isOne ? mean : graph.one('Mul', [mean, scale()], x.type, shape));
      return;
    }
    // Along the last dimension; then the one before it has its turn.
    let value = x;
    for (let d = dims.length - 1; d >= 0; d--) {
      const isLast = d === dims.length - 1;
      const order = [...value.shape.keys()];
      order.splice(2 + d, 1);
      order.push(2 + d);
      const turned = isLast ? value : graph.transpose(value, order);
      const sizes = turned.shape.with(-1, graph.batches.number(dims[d]!.outSize));
      const means = graph.one('MatMul', [turned, meansOf(graph, x.type, dims[d]!)], x.type, sizes);
      value = isLast
        ? means
        : graph.transpose(
            means,
            order.map((_, at) => order.indexOf(at)),
          );
    }
    to.write(call.memory('out'), value);
  },
};
