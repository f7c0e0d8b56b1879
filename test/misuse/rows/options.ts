/** Options that are none, and options made to do harm, wherever options are taken. */
import { argument, ownError, type Row } from '../row.js';
import { takers } from '../takers.js';
import { bad } from '../world.js';

/** An object with an own key `__proto__`, as JSON.parse makes it. */
const withProto = () => JSON.parse('{ "__proto__": { "lr": 1, "dtype": "int32", "shuffle": true } }');

const throwing = () => {
  throw new Error('from a getter');
};

export const optionRows: readonly Row[] = takers.flatMap(({ name, caller, call, takesDims }) => [
  argument(
    `${name}: an unknown option`,
    (world) => call(bad({ colour: 'red' }), world),
    `${caller}: unknown option "colour"`,
  ),
  argument(
    `${name}: an unknown option that is undefined`,
    (world) => call(bad({ colour: undefined }), world),
    'unknown option "colour"',
  ),
  argument(
    `${name}: an option __proto__`,
    (world) => call(bad(withProto()), world),
    `${caller}: unknown option "__proto__"`,
  ),
  argument(
    `${name}: an option constructor`,
    (world) => call(bad({ constructor: 1 }), world),
    'unknown option "constructor"',
  ),
  argument(
    `${name}: an option that is a symbol`,
    (world) => call(bad({ [Symbol('lr')]: 1 }), world),
    'unknown option a symbol',
  ),
  argument(
    `${name}: a hidden option`,
    (world) => call(bad(Object.defineProperty({}, 'colour', { value: 1 })), world),
    'unknown option "colour"',
  ),
  argument(`${name}: options "x"`, (world) => call(bad('x'), world), `${caller}: options must be an object, got "x"`),
  argument(
    `${name}: options of a function`,
    (world) =>
      call(
        bad(() => 1),
        world,
      ),
    `${caller}: options must be an object, got a function`,
  ),
  ownError(
    `${name}: a proxy that throws`,
    (world) => call(bad(new Proxy({}, { ownKeys: throwing })), world),
    'from a getter',
  ),
  ...(takesDims
    ? []
    : [
        argument(
          `${name}: options null`,
          (world) => call(bad(null), world),
          `${caller}: options must be an object, got null`,
        ),
        argument(`${name}: options [1]`, (world) => call(bad([1]), world), `${caller}: unknown option "0"`),
      ]),
]);
