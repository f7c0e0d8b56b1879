/** Sequential and its kin: members that are no modules, names that are none, places that are not there. */
import { nn } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, state } from '../row.js';

const notModules: readonly (readonly [shown: string, value: unknown])[] = [
  ['null', null],
  ['5', 5],
  ['a function', () => 1],
  ['an object', { forward: () => 1 }],
];

export const containerRows: readonly Row[] = [
  ...notModules.flatMap(([shown, value]) => [
    argument(
      `new Sequential(layer, ${shown})`,
      () => new nn.Sequential(new nn.ReLU(), bad(value)),
      'is not a Module subclass',
    ),
    argument(`Sequential.append(${shown})`, ({ model }) => model.append(bad(value)), 'is not a Module subclass'),
    argument(
      `Sequential.insert(0, ${shown})`,
      ({ model }) => model.insert(0, bad(value)),
      'module should be of type: Module',
    ),
    argument(
      `Sequential.extend([layer, ${shown}])`,
      ({ model }) => model.extend([new nn.ReLU(), bad(value)]),
      'is not a Module subclass',
    ),
    argument(`Sequential.set(0, ${shown})`, ({ model }) => model.set(0, bad(value)), 'is not a Module subclass'),
    argument(`new ModuleList([${shown}])`, () => new nn.ModuleList([bad(value)]), 'is not a Module subclass'),
    argument(`new ModuleDict({ a: ${shown} })`, () => new nn.ModuleDict({ a: bad(value) }), 'is not a Module subclass'),
    argument(
      `registerModule(${shown})`,
      ({ model }) => model.registerModule('extra', bad(value)),
      'is not a Module subclass',
    ),
  ]),
  argument(
    'Module.to("int32")',
    ({ model }) => model.to(bad('int32')),
    'Sequential.to: nn.Module.to only accepts floating point or complex dtypes, but got desired dtype="int32"',
  ),
  argument('new Sequential([layers])', () => new nn.Sequential(bad([new nn.ReLU()])), 'pass the modules one by one'),
  argument(
    'new Sequential(class)',
    () => new nn.Sequential(bad(nn.ReLU)),
    'the class ReLU (make one with new) is not a Module subclass',
  ),
  argument(
    'new Sequential({ "a.b" })',
    () => new nn.Sequential({ 'a.b': new nn.ReLU() }),
    'module name can\'t contain ".", got: a.b',
  ),
  argument(
    'new Sequential({ "" })',
    () => new nn.Sequential({ '': new nn.ReLU() }),
    "module name can't be empty string",
  ),
  argument(
    'new Sequential({ forward })',
    () => new nn.Sequential({ forward: new nn.ReLU() }),
    "attribute 'forward' already exists",
  ),
  argument(
    'new Sequential({ __proto__ })',
    () => new nn.Sequential(bad(new Map([['__proto__', new nn.ReLU()]]))),
    "attribute '__proto__' already exists",
  ),
  argument(
    'new Sequential({ constructor })',
    () => new nn.Sequential(new Map([['constructor', new nn.ReLU()]])),
    "attribute 'constructor' already exists",
  ),
  argument(
    'new Sequential(Map of numbers)',
    () => new nn.Sequential(bad(new Map([[1, new nn.ReLU()]]))),
    'module name should be a string. Got 1',
  ),
  argument('Sequential.at(4)', ({ model }) => model.at(4), 'index 4 is out of range'),
  argument('Sequential.at(-5)', ({ model }) => model.at(-5), 'index -5 is out of range'),
  argument('Sequential.at("0")', ({ model }) => model.at(bad('0')), 'index must be an integer, got "0"'),
  argument('Sequential.at(NaN)', ({ model }) => model.at(Number.NaN), 'index must be an integer, got NaN'),
  argument('Sequential.pop(9)', ({ model }) => model.pop(9), 'index 9 is out of range'),
  argument('Sequential.insert(9)', ({ model }) => model.insert(9, new nn.ReLU()), 'Index out of range: 9'),
  argument('Sequential.extend(5)', ({ model }) => model.extend(bad(5)), 'expected an iterable of modules, got 5'),
  state(
    'a module inside itself',
    ({ model }) => {
      const own = new nn.Sequential(new nn.ReLU());
      own.append(own);
      return model.at(0) && own.train();
    },
    'a module cannot contain itself',
  ),
  state(
    'clone of a module inside itself',
    () => {
      const own = new nn.Sequential(new nn.ReLU());
      return own.append(new nn.Sequential(own)).clone();
    },
    'a module cannot contain itself',
  ),
  state(
    'clone of a module that holds a result',
    ({ model }) => {
      const holder = new nn.Sequential();
      return Object.assign(holder, { list: [{ loss: model.at(0).parameters()[0]!.sum() }] }).clone();
    },
    'Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment',
  ),
];
