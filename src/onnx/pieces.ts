/** Memory that was written part by part: how the results of `cat` and `stack` come about. */
import type { Graph, Value } from './graph.js';
import { atMost, constantOf, floorOver, isNumber, minus, over, plus, type Quantity, sameQuantity } from './quantity.js';
import type { Region } from './region.js';

/** Numbers that were written, and where. */
export interface Piece {
  readonly value: Value;
  /** Where in the memory they lie. */
  readonly region: Region;
}

/** A piece in a memory seen as [blocks, width]: columns `start` to `start + length` of every block. */
interface Columns {
  readonly value: Value | null;
  readonly start: Quantity;
  readonly length: Quantity;
}

/**
 * The whole of a memory, after pieces were written over what was there `before`.
 * @throws StateError for pieces that do not lie one after the other.
 */
export function assemble(graph: Graph, before: Value | null, pieces: readonly Piece[], length: Quantity): Value {
  const widths = pieces.map(({ region }) => widthOf(region, length));
  const width = widths.find((each) => each !== null && !sameQuantity(each, length)) ?? length;
  const blocks = over(length, width);
  if (blocks === null) throw refusal(graph);
  const columns = pieces.map(({ value, region }) => columnsOf(graph, value, region, width, blocks));
  const sorted = columns.toSorted((a, b) => a.start[0]! - b.start[0]!);
  const all: Columns[] = [];
  let end: Quantity = width.map(() => 0);
  for (const each of sorted) {
    // Written twice, or in another order at another batch size.
    if (!atMost(end, each.start)) throw refusal(graph);
    if (!sameQuantity(end, each.start)) all.push({ value: null, start: end, length: minus(each.start, end) });
    all.push(each);
    end = plus(each.start, each.length);
  }
  if (!sameQuantity(end, width)) all.push({ value: null, start: end, length: minus(width, end) });
  const parts = all.map(({ value, start, length: columns }) => {
    if (value !== null) return graph.reshape(value, [blocks, columns]);
    if (before === null) throw graph.refuse('the model reads numbers that nothing has written');
    return graph.slice(graph.reshape(before, [blocks, width]), 1, start, columns);
  });
  if (parts.length === 1) return parts[0]!;
  return graph.one('Concat', parts, parts[0]!.type, [blocks, width], { axis: 1 });
}

/** How far apart the blocks are that a piece has a run in each of; the length of the memory for one run. */
function widthOf({ sizes, strides }: Region, length: Quantity): Quantity | null {
  const runs = runsOf({ sizes, strides });
  if (runs === null) return null;
  return runs.blocks === null ? length : runs.width;
}

function runsOf({ sizes, strides }: Pick<Region, 'sizes' | 'strides'>) {
  const dims = sizes.map((size, i) => ({ size, stride: strides[i]! })).filter(({ size }) => !isNumber(size, 1));
  const one = strides[0]!.map(() => 1);
  const [first, second] = dims;
  if (first === undefined) return { blocks: null, width: null, run: one };
  if (dims.length === 1)
    return constantOf(first.stride) === 1
      ? { blocks: null, width: null, run: first.size }
      : { blocks: first.size, width: first.stride, run: one };
  if (dims.length > 2 || constantOf(second!.stride) !== 1) return null;
  return { blocks: first.size, width: first.stride, run: second!.size };
}

function columnsOf(graph: Graph, value: Value, region: Region, width: Quantity, blocks: Quantity): Columns {
  const runs = runsOf(region);
  const fits = runs !== null && (runs.blocks === null ? isNumber(blocks, 1) : sameQuantity(runs.blocks, blocks));
  const start = region.offset;
  if (!fits || (runs.width !== null && !sameQuantity(runs.width, width))) throw refusal(graph);
  if (!isNumber(floorOver(start, width), 0) || !atMost(plus(start, runs.run), width)) throw refusal(graph);
  return { value, start, length: runs.run };
}

const refusal = (graph: Graph) =>
  graph.refuse(
    'writing into parts of a tensor that do not lie one after the other has no ONNX form; make the tensor with cat() or stack()',
  );
