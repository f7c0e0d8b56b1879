/** What contenders are called and how they look. */
import {
  jax,
  native,
  nativeCompiled,
  pytorch,
  pytorchCompile,
  reference,
  tensorflow,
  tfjsCpu,
  tfjsWasm,
} from '../contenders/contenders.js';
import type { BenchDocument, Row } from '../report/document.js';
import type { Tone } from './theme.js';

const library = 'lanewise';
const eager = `${library}, eager`;

const known = new Map<string, { readonly name: string; readonly tone: Tone }>([
  [nativeCompiled, { name: 'lanewise, compiled', tone: 'compiled' }],
  [native, { name: eager, tone: 'eager' }],
  [pytorch, { name: 'PyTorch', tone: 'pytorch' }],
  [pytorchCompile, { name: 'torch.compile', tone: 'pytorch' }],
  [jax, { name: 'JAX, jit', tone: 'jax' }],
  [tensorflow, { name: 'TensorFlow', tone: 'tensorflow' }],
  [tfjsWasm, { name: 'tfjs, WebAssembly', tone: 'other' }],
  [tfjsCpu, { name: 'tfjs, plain', tone: 'other' }],
  [reference, { name: 'lanewise, pure TS', tone: 'other' }],
]);

const order = [...known.keys()];

export type Named = Pick<Row, 'contender' | 'isa'>;

export class Names {
  readonly #severalIsas: ReadonlySet<string>;

  /** Instruction sets are named where a contender ran on several. */
  constructor({ rows }: Pick<BenchDocument, 'rows'>) {
    const isas = new Map<string, Set<string>>();
    for (const { contender, isa } of rows)
      if (isa !== null) isas.set(contender, (isas.get(contender) ?? new Set()).add(isa));
    this.#severalIsas = new Set([...isas].filter(([, found]) => found.size > 1).map(([id]) => id));
  }

  of({ contender, isa }: Named): string {
    const name = known.get(contender)?.name ?? contender;
    return isa !== null && this.#severalIsas.has(contender) ? `${name}, ${isa}` : name;
  }

  /** Of an op by itself there is no eager and no compiled way. */
  ofOp(row: Named): string {
    return row.contender === native ? this.of(row).replace(eager, library) : this.of(row);
  }
}

export const toneOf = ({ contender }: Named): Tone => known.get(contender)?.tone ?? 'other';

/** In bars the contender stands beside each; only lanewise needs a colour. */
export function barTone(row: Named): Tone {
  const tone = toneOf(row);
  return tone === 'compiled' || tone === 'eager' ? tone : 'peer';
}

/** lanewise first, then peers as they are usually named; who is unknown comes last. */
export function inOrder<Of extends Named>(rows: readonly Of[]): Of[] {
  const place = ({ contender }: Named) => (order.includes(contender) ? order.indexOf(contender) : order.length);
  return [...rows].sort((a, b) => place(a) - place(b));
}
