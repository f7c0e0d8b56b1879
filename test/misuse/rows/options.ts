/** Options that are none, and options made to do harm, wherever options are taken. */

import { bad } from '../fixture.js';
import { argument, ownError, type Row } from '../row.js';
import { takers } from '../takers.js';

/** An object with an own key `__proto__`, as JSON.parse makes it. */
const withProto = () => JSON.parse('{ "__proto__": { "lr": 1, "dtype": "int32", "shuffle": true } }');

const throwing = () => {
  throw new Error('from a getter');
};

export const optionRows: readonly Row[] = takers.flatMap(({ name, caller, call, takesDims }) => [
  argument(
    `${name}: an unknown option`,
    (fixture) => call(bad({ colour: 'red' }), fixture),
    `${caller}: unknown option "colour"`,
  ),
  argument(
    `${name}: an unknown option that is undefined`,
    (fixture) => call(bad({ colour: undefined }), fixture),
    'unknown option "colour"',
  ),
  argument(
    `${name}: an option __proto__`,
    (fixture) => call(bad(withProto()), fixture),
    `${caller}: unknown option "__proto__"`,
  ),
  argument(
    `${name}: an option constructor`,
    (fixture) => call(bad({ constructor: 1 }), fixture),
    'unknown option "constructor"',
  ),
  argument(
    `${name}: an option that is a symbol`,
    (fixture) => call(bad({ [Symbol('lr')]: 1 }), fixture),
    'unknown option a symbol',
  ),
  argument(
    `${name}: a hidden option`,
    (fixture) => call(bad(Object.defineProperty({}, 'colour', { value: 1 })), fixture),
    'unknown option "colour"',
  ),
  argument(
    `${name}: options "x"`,
    (fixture) => call(bad('x'), fixture),
    `${caller}: options must be an object, got "x"`,
  ),
  argument(
    `${name}: options of a function`,
    (fixture) =>
      call(
        bad(() => 1),
        fixture,
      ),
    `${caller}: options must be an object, got a function`,
  ),
  ownError(
    `${name}: a proxy that throws`,
    (fixture) => call(bad(new Proxy({}, { ownKeys: throwing })), fixture),
    'from a getter',
  ),
  ...(takesDims
    ? []
    : [
        argument(
          `${name}: options null`,
          (fixture) => call(bad(null), fixture),
          `${caller}: options must be an object, got null`,
        ),
        argument(`${name}: options [1]`, (fixture) => call(bad([1]), fixture), `${caller}: unknown option "0"`),
      ]),
]);
