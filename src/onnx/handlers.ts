/** What translates an op. */
import type { OpName } from '../ops/ops.js';
import type { Call } from './call.js';
import type { Translator } from './translator.js';

/** Writes what an op does as nodes. */
export type Handler<Name extends OpName> = (call: Call<Name>, to: Translator) => void;

export type Handlers = { readonly [Name in OpName]: Handler<Name> };
