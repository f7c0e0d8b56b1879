import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { layoutOf } from '../../tensor/shape.js';
import { Analysis } from './analysis.js';
import { type Images, imageOperands, sameImages } from './image-operands.js';
import { accessesOf, type InstructionOf, instruction, isOp } from './instruction.js';
import { elementsOf, isDense, layoutOfSpace, type Operand, reshape, type Space, spaceOf } from './operands.js';

/**
 * Lays temporaries out channels last, [batch, pixels, channels], where convolutions and pools read or write them, so that their transpositions are
 * left at the borders only: at inputs and outputs of the program, and in front of ops that know nothing of channels. Pointwise instructions, sums
 * of branches and concatenations in between go over the same elements in the other order, means over the pixels of each channel over the same
 * elements in the same order. Changes no bit, since no op's order of summation depends on how its operands lie.
 */
export function propagateChannelsLast(graph: Graph): Graph {
  const analysis = new Analysis(graph);
  const layouts = new Layouts(analysis);
  if (!layouts.changesAny) return graph;
  return { ...graph, instructions: graph.instructions.map((each) => layouts.rewrite(each)) };
}

class Layouts {
  readonly #analysis: Analysis;
  /** What values hold, by their alias class. Without those that hold different things for different ops. */
  readonly #images = new Map<ValueId, Images>();
  /** Those that will have their channels last. */
  readonly #last = new Set<ValueId>();

  constructor(analysis: Analysis) {
    this.#analysis = analysis;
    for (const value of this.#find()) this.#images.delete(value);
    for (const [value, images] of this.#images)
      if (analysis.spec(value).kind === 'temporary' && !isNeutral(images)) this.#last.add(value);
    this.#settle();
  }

  /** Whether the flag of any operand would be another one. */
  get changesAny(): boolean {
    return this.#analysis.graph.instructions.some((each) =>
      imageOperands(each).some(({ flag, values }) => each.args[flag] !== values.every((value) => this.#isLast(value))),
    );
  }

  rewrite(each: Instruction): Instruction {
    const groups = imageOperands(each);
    if (groups.length > 0) {
      const flags = groups.map(({ flag, values }) => [flag, values.every((value) => this.#isLast(value))]);
      return { ...each, args: { ...each.args, ...Object.fromEntries(flags) } };
    }
    if (!accessesOf(each).some(({ value }) => this.#last.has(this.#analysis.aliasClass(value)))) return each;
    return this.#permuted(each)!;
  }

  /** Notes what values hold, from op to op. @returns values that hold different things for different ops. */
  #find(): ReadonlySet<ValueId> {
    const refused = new Set<ValueId>();
    let isNew = false;
    const note = (value: ValueId, images: Images): void => {
      const aliasClass = this.#analysis.aliasClass(value);
      const known = this.#images.get(aliasClass);
      if (known === undefined) {
        this.#images.set(aliasClass, images);
        isNew = true;
      } else if (!sameImages(known, images)) {
        refused.add(aliasClass);
      }
    };
    const { instructions } = this.#analysis.graph;
    for (const each of instructions)
      for (const { values, images } of imageOperands(each)) for (const value of values) note(value, images);
    do {
      isNew = false;
      for (const each of instructions) {
        if (isOp(each, 'pointwise') || isOp(each, 'reduce')) this.#spread(each, note);
        else if (isOp(each, 'copy')) this.#spreadCopy(each, note);
      }
    } while (isNew);
    return refused;
  }

  /** All operands of one pointwise instruction, or reduction, that are as large as its elements hold the same. */
  #spread(
    each: InstructionOf<'pointwise'> | InstructionOf<'reduce'>,
    note: (value: ValueId, images: Images) => void,
  ): void {
    const space = spaceOf(each);
    const whole = space.operands.filter((operand) => this.#isWhole(space, operand)).map(({ value }) => value);
    const all = isOp(each, 'pointwise') ? [...whole, ...each.args.outputs] : whole;
    const images = all.map((value) => this.#imagesOf(value)).find((found) => found !== undefined);
    if (images === undefined) return;
    for (const value of all) note(value, images);
  }

  /** A part of images is images with fewer of them, or with fewer channels. */
  #spreadCopy({ args }: InstructionOf<'copy'>, note: (value: ValueId, images: Images) => void): void {
    for (const [from, to] of [
      [args.x, args.out],
      [args.out, args.x],
    ] as const) {
      const images = this.#imagesOf(from);
      if (images === undefined || this.#imagesOf(to) !== undefined) continue;
      const { length } = this.#analysis.spec(to);
      const { batch, channels, pixels } = images;
      if (length % (batch * pixels) === 0) note(to, { batch, channels: length / (batch * pixels), pixels });
      else if (length % (channels * pixels) === 0) note(to, { ...images, batch: length / (channels * pixels) });
    }
  }

  /** Leaves those where they are that an instruction cannot take otherwise, and with them all that lie as they do. */
  #settle(): void {
    const drop = (values: readonly ValueId[]): boolean =>
      values.map((value) => this.#last.delete(this.#analysis.aliasClass(value))).some((was) => was);
    for (let changed = true; changed; ) {
      changed = false;
      for (const each of this.#analysis.graph.instructions) {
        const named = accessesOf(each).map(({ value }) => value);
        if (!named.some((value) => this.#last.has(this.#analysis.aliasClass(value)))) continue;
        const groups = imageOperands(each);
        const covered = groups.flatMap(({ values }) => values);
        if (groups.length === 0) changed = (this.#permuted(each) === null && drop(named)) || changed;
        else changed = drop(named.filter((value) => !covered.includes(value))) || changed;
        for (const { values } of groups)
          if (!values.every((value) => this.#isLast(value))) changed = drop(values) || changed;
      }
    }
  }

  #imagesOf(value: ValueId): Images | undefined {
    return this.#images.get(this.#analysis.aliasClass(value));
  }

  /** Whether its channels are last, or may be taken to be. */
  #isLast(value: ValueId): boolean {
    const aliasClass = this.#analysis.aliasClass(value);
    const images = this.#images.get(aliasClass);
    return this.#last.has(aliasClass) || (images !== undefined && isNeutral(images));
  }

  /** Whether all of a value is read in the order of memory. The first channels of an image are read so too, but are a part of it. */
  #isWhole(space: Space, operand: Operand): boolean {
    return isDense(space, operand) && this.#analysis.spec(operand.value).length === elementsOf(space);
  }

  /** The instruction over images whose channels are last; null where that cannot be said. */
  #permuted(each: Instruction): Instruction | null {
    if (isOp(each, 'copy')) return this.#permutedCopy(each);
    if (isOp(each, 'reduce')) return this.#permutedReduction(each);
    return isOp(each, 'pointwise') ? this.#permutedPointwise(each) : null;
  }

  /** Reduced are the pixels of each channel, one behind the other: the elements keep their order, and are read across. */
  #permutedReduction(each: InstructionOf<'reduce'>): Instruction | null {
    const { out, size, inner } = each.args;
    const images = each.args.inputs.map((value) => this.#imagesOf(value)).find((found) => found !== undefined);
    if (images === undefined || inner !== 1 || size !== images.pixels) return null;
    const space = reshape(spaceOf(each), [images.batch, images.channels, images.pixels]);
    if (space === null || this.#last.has(this.#analysis.aliasClass(out))) return null;
    const operands: Operand[] = [];
    for (const operand of space.operands) {
      const isLast = this.#last.has(this.#analysis.aliasClass(operand.value));
      if (isLast && !this.#isWhole(space, operand)) return null;
      const across = [images.pixels * images.channels, 1, images.channels];
      operands.push(isLast ? { value: operand.value, strides: across } : operand);
    }
    return instruction('reduce', { ...each.args, layout: layoutOfSpace({ sizes: space.sizes, operands }) });
  }

  #permutedPointwise(each: InstructionOf<'pointwise'>): Instruction | null {
    const { outputs, keys, step } = each.args;
    const images = outputs[0] === undefined ? undefined : this.#imagesOf(outputs[0]);
    // Masks go by the number of the element.
    if (images === undefined || keys.length > 0 || step !== null) return null;
    if (!outputs.every((value) => this.#isLast(value))) return null;
    const space = reshape(spaceOf(each), [images.batch, images.channels, images.pixels]);
    if (space === null) return null;
    const operands: Operand[] = [];
    for (const operand of space.operands) {
      const [n, c, p] = operand.strides as readonly [number, number, number];
      const whole = this.#isWhole(space, operand);
      // To read it across would take longer than the transposition that it saves.
      if (whole && !this.#isLast(operand.value)) return null;
      if (!whole && this.#last.has(this.#analysis.aliasClass(operand.value))) return null;
      const strides = whole ? [images.pixels * images.channels, images.channels, 1] : [n, p, c];
      operands.push({ value: operand.value, strides });
    }
    const permuted: Space = { sizes: [images.batch, images.pixels, images.channels], operands };
    return instruction('pointwise', { ...each.args, layout: layoutOfSpace(permuted) });
  }

  #permutedCopy({ args }: InstructionOf<'copy'>): Instruction | null {
    const [from, to] = [this.#imagesOf(args.x), this.#imagesOf(args.out)];
    if (from === undefined || to === undefined || from.pixels !== to.pixels) return null;
    if (!this.#isLast(args.x) || !this.#isLast(args.out)) return null;
    const { pixels } = from;
    const channels = Math.min(from.channels, to.channels);
    const rank = args.layout.length / 3;
    const part = (index: number) => Array.from(args.layout.subarray(index * rank, (index + 1) * rank));
    const operands = [1, 2].map((index) => ({ value: args.x, strides: part(index) }));
    const batch = part(0).reduce((product, size) => product * size, 1) / (channels * pixels);
    const space = Number.isInteger(batch) ? reshape({ sizes: part(0), operands }, [batch, channels, pixels]) : null;
    if (space === null) return null;
    const offsets: number[] = [];
    const strides: number[][] = [];
    for (const [i, images] of [from, to].entries()) {
      const offset = i === 0 ? args.xOffset : args.outOffset;
      const image = images.channels * pixels;
      const expected = [image, pixels, 1];
      if (space.sizes.some((size, dim) => size > 1 && space.operands[i]!.strides[dim] !== expected[dim])) return null;
      // Channels of one image each time, not the last of one and the first of the next.
      if (offset % pixels !== 0 || (offset % image) / pixels + channels > images.channels) return null;
      offsets.push(offset - (offset % image) + (offset % image) / pixels);
      strides.push([image, images.channels, 1]);
    }
    const layout = layoutOf([batch, pixels, channels], ...strides);
    return instruction('copy', { ...args, layout, xOffset: offsets[0]!, outOffset: offsets[1]! });
  }
}

/** Whether both orders are one. */
const isNeutral = ({ channels, pixels }: Images): boolean => channels === 1 || pixels === 1;
