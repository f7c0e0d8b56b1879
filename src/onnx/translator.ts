/** From memory, which ops of lanewise write into, to values of a graph, which are made once. */
import type { StateError } from '../errors.js';
import type { ValueId } from '../ops/graph.js';
import type { Tensor } from '../tensor/tensor.js';
import { padded } from './box.js';
import type { Joined, JoinedMemory } from './call.js';
import { type Graph, numbersOf, type Value } from './graph.js';
import { assemble, type Piece } from './pieces.js';
import { constantOf, type Quantity } from './quantity.js';

/** What is in a memory at some point of the list. */
interface Content {
  /** All of it; null when there is nothing yet, or a number. */
  value: Value | null;
  /** The number that every element is. */
  filled: Quantity | null;
  /** Parts that were written since. */
  readonly pieces: Piece[];
}

/** A tensor of the model that has a name. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

export class Translator {
  readonly graph: Graph;
  readonly memories: readonly JoinedMemory[];
  readonly #contents = new Map<ValueId, Content>();
  readonly #named: ReadonlyMap<object, NamedTensor>;

  /** @param named parameters and buffers by their storages. */
  constructor(graph: Graph, joined: Joined, named: ReadonlyMap<object, NamedTensor>) {
    this.graph = graph;
    this.memories = joined.memories;
    this.#named = named;
  }

  refuse(what: string): StateError {
    return this.graph.refuse(what);
  }

  /** The number that all elements of a memory are, or null. */
  numberIn(memory: ValueId): Quantity | null {
    const { filled, pieces } = this.#contentOf(memory);
    return pieces.length === 0 ? filled : null;
  }

  /** What is in a memory, under whatever shape it was made. */
  read(memory: ValueId): Value {
    const content = this.#contentOf(memory);
    if (content.pieces.length > 0) {
      const { length } = this.memories[memory]!;
      const [first, second] = content.pieces;
      const block =
        content.value === null && content.filled !== null && second === undefined
          ? padded(this.graph, content.filled, first!, length)
          : null;
      if (block !== null) {
        this.#contents.set(memory, { value: block, filled: null, pieces: [] });
        return block;
      }
      const before = content.value ?? (content.filled === null ? null : this.#fill(memory, content.filled));
      content.value = assemble(this.graph, before, content.pieces, length);
      content.pieces.length = 0;
    } else if (content.value === null && content.filled !== null) {
      content.value = this.#fill(memory, content.filled);
    }
    if (content.value === null) throw this.refuse('the model reads numbers that nothing has written');
    return content.value;
  }

  /** The same under a shape. */
  readAs(memory: ValueId, shape: readonly Quantity[]): Value {
    return this.graph.reshape(this.read(memory), shape);
  }

  /** All of a memory is written. */
  write(memory: ValueId, value: Value): void {
    this.#checkWritten(memory);
    this.#contents.set(memory, { value, filled: null, pieces: [] });
  }

  fill(memory: ValueId, number: Quantity): void {
    this.#checkWritten(memory);
    this.#contents.set(memory, { value: null, filled: number, pieces: [] });
  }

  /** A part of a memory is written. */
  writePiece(memory: ValueId, piece: Piece): void {
    this.#checkWritten(memory);
    this.#contentOf(memory).pieces.push(piece);
  }

  /** The contents of an input of the model. */
  bind(memory: ValueId, value: Value): void {
    this.#contents.set(memory, { value, filled: null, pieces: [] });
  }

  #contentOf(memory: ValueId): Content {
    let content = this.#contents.get(memory);
    if (content !== undefined) return content;
    content = this.#initial(memory);
    this.#contents.set(memory, content);
    return content;
  }

  #initial(memory: ValueId): Content {
    const { each, dtype, length } = this.memories[memory]!;
    const [first] = each as [JoinedMemory['each'][number]];
    if (first.origin === 'temporary') return { value: null, filled: null, pieces: [] };
    if (first.origin === 'draw' || first.storage === null) throw this.refuse('random numbers have no ONNX form');
    const known = this.#named.get(first.storage);
    if (known !== undefined) {
      const { name, tensor } = known;
      return { value: this.graph.named(name, dtype, tensor.shape, first.storage.read()), filled: null, pieces: [] };
    }
    const arrays = each.map(({ storage }) => storage!.read());
    const [numbers] = arrays as [(typeof arrays)[0]];
    const isSame = arrays.every(
      (array) => array.length === numbers.length && array.every((value, i) => Object.is(value, numbers[i])),
    );
    if (isSame) {
      const value = this.graph.constant(dtype, [numbers.length], numbers.slice());
      return { value, filled: null, pieces: [] };
    }
    // Zeros for as many rows as there are, say.
    if (arrays.every((array) => array.every((value) => Object.is(value, numbers[0]))))
      return { value: null, filled: length.map(() => numbers[0]!), pieces: [] };
    throw this.refuse(
      'the model makes a tensor whose numbers depend on the batch size from JavaScript (arange, say); make it of the input, or export with ' +
        'dynamicBatch: false',
    );
  }

  #fill(memory: ValueId, number: Quantity): Value {
    const { dtype, length } = this.memories[memory]!;
    if (constantOf(number) === null) return this.graph.expand(this.graph.numberOf(number, dtype), [length]);
    const value = { name: 'value', type: dtype, dims: [1], data: numbersOf(dtype, [constantOf(number)!]) };
    return this.graph.one('ConstantOfShape', [this.graph.sizes([length])], dtype, [length], {
      value: { tensor: value },
    });
  }

  #checkWritten(memory: ValueId): void {
    const { each } = this.memories[memory]!;
    if (each[0]!.origin !== 'state') return;
    const name = this.#named.get(each[0]!.storage ?? this)?.name;
    throw this.refuse(
      `forward writes into ${name === undefined ? 'a tensor that it keeps' : `'${name}'`}: an ONNX graph keeps nothing from one run to the next`,
    );
  }
}
