/** Changes of fields of modules, of every kind, after which a traced function would be wrong. */
import { functional, nn, type Tensor, tensor, zeros } from '../../src/index.js';

/** How often a forward of {@link Using} has run. */
export const counter = { calls: 0 };

export type Use<T> = (x: Tensor, field: T) => Tensor;

/** Keeps a value in a field, and computes with it. */
export class Using<T> extends nn.Module {
  field: T;
  /** So that there is something to train. */
  readonly weight = new nn.Parameter(zeros([1]));
  readonly #use: Use<T>;
  constructor(field: T, use: Use<T>) {
    super();
    this.field = field;
    this.#use = use;
  }
  override forward(x: Tensor): Tensor {
    counter.calls++;
    return this.#use(x, this.field).add(this.weight);
  }
}

export interface Row {
  /** A model, and what changes it in the way that the name says. */
  make(): { model: nn.Module; change(): unknown };
}

function row<T>(make: () => T, use: Use<T>, change: (model: Using<T>, field: T) => unknown): Row {
  return {
    make: () => {
      const model = new Using(make(), use);
      return { model, change: () => change(model, model.field) };
    },
  };
}

const setTo =
  <T>(value: T) =>
  (model: Using<T>) => {
    model.field = value;
  };

interface Settings {
  scale: number;
  inner: { list: (number | Tensor)[] };
}
const settings = (): Settings => ({ scale: 2, inner: { list: [1, tensor([3])] } });
const bySettings: Use<Settings> = (x, { scale, inner }) =>
  x.mul(scale).add(inner.list.reduce<Tensor>((sum, each) => sum.add(each), zeros([1])));

class Scaling extends nn.Module {
  scale = 2;
  override forward(x: Tensor): Tensor {
    return x.mul(this.scale);
  }
}

class Absent extends Using<null> {
  declare extra?: number;
  override forward(x: Tensor): Tensor {
    return super.forward(x).mul(this.extra ?? 1);
  }
}

const layer = (make: () => nn.Module, change: (layer: never) => unknown): Row => ({
  make: () => {
    const own = make();
    return { model: new nn.Sequential(own, new Using(null, (x) => x)), change: () => change(own as never) };
  },
});

export const rows: Readonly<Record<string, Row>> = {
  'a number': row(
    () => 2,
    (x, scale) => x.mul(scale),
    setTo(3),
  ),
  'a number that becomes NaN': row(
    () => 0,
    (x, scale) => x.add(scale),
    setTo(Number.NaN),
  ),
  'zero that changes its sign': row(
    () => 0,
    (x, zero) => tensor(1).div(tensor(zero)).add(x),
    setTo(-0),
  ),
  'a string': row(
    () => 'add',
    (x, name) => (name === 'add' ? x.add(5) : x.mul(5)),
    setTo('mul'),
  ),
  'a boolean': row(
    () => false,
    (x, isDoubled) => (isDoubled ? x.mul(2) : x),
    setTo(true),
  ),
  'a bigint': row(
    () => 1n,
    (x, big) => x.mul(Number(big)),
    setTo(3n),
  ),
  'null that becomes a number': row<number | null>(
    () => null,
    (x, scale) => x.mul(scale ?? 1),
    setTo<number | null>(4),
  ),
  'undefined that becomes a number': row<number | undefined>(
    () => undefined,
    (x, scale) => x.mul(scale ?? 1),
    setTo<number | undefined>(4),
  ),
  'a tensor': row(
    () => tensor([2]),
    (x, t) => x.mul(t),
    setTo(tensor([3])),
  ),
  'a parameter': row(
    () => new nn.Parameter(tensor([2])),
    (x, p) => x.mul(p),
    setTo(new nn.Parameter(tensor([3]), false)),
  ),
  'a module': row<nn.Module>(
    () => new nn.ReLU(),
    (x, m) => m.forward(x),
    setTo<nn.Module>(new nn.Tanh()),
  ),
  'a field of a module in a field': row(
    () => new Scaling(),
    (x, m) => m.forward(x),
    (_, inner) => {
      inner.scale = 3;
    },
  ),
  'a field of a module that is only read': row(
    () => new Scaling(),
    (x, m) => x.mul(m.scale),
    (_, inner) => {
      inner.scale = 3;
    },
  ),
  'a function': row<(x: Tensor) => Tensor>(
    () => functional.relu,
    (x, f) => f(x.sub(2)),
    setTo((x) => x.abs()),
  ),
  'an element of an array': row(
    () => [1, 2],
    (x, [a, b]) => x.mul(a!).add(b!),
    (_, list) => {
      list[1] = 5;
    },
  ),
  'the length of an array': row(
    () => [1, 2],
    (x, list) => x.mul(list.length),
    (_, list) => list.push(3),
  ),
  'a tensor in an array': row(
    () => [tensor([2])],
    (x, [t]) => x.mul(t!),
    (_, list) => {
      list[0] = tensor([3]);
    },
  ),
  'a module in an array': row<nn.Module[]>(
    () => [new nn.ReLU(), new Scaling()],
    (x, list) => list.reduce((y, each) => each.forward(y), x),
    (_, list) => list.pop(),
  ),
  'a field of a module in an array': row(
    () => [new Scaling()],
    (x, [m]) => m!.forward(x),
    (_, [m]) => {
      m!.scale = 3;
    },
  ),
  'a number deep in a plain object': row(settings, bySettings, (_, field) => {
    field.inner.list[0] = 7;
  }),
  'a tensor deep in a plain object': row(settings, bySettings, (_, field) => {
    field.inner.list[1] = tensor([8]);
  }),
  'a key of a plain object': row<Record<string, number>>(
    () => ({ a: 1 }),
    (x, field) => x.mul(Object.values(field).reduce((a, b) => a + b)),
    (_, field) => {
      field.b = 2;
    },
  ),
  'a plain object': row(settings, bySettings, (model) => {
    model.field = { ...settings(), scale: 9 };
  }),
  'a value of a Map': row(
    () => new Map([['a', 2]]),
    (x, map) => x.mul(map.get('a')!),
    (_, map) => map.set('a', 3),
  ),
  'a member of a Set': row(
    () => new Set([2]),
    (x, set) => x.mul(set.has(2) ? 2 : 3),
    (_, set) => set.delete(2),
  ),
  'an element of a typed array': row(
    () => Float32Array.of(2),
    (x, array) => x.mul(tensor(array)),
    (_, array) => array.fill(3),
  ),
  'a Set in the place of an array with the same values': row<number[] | Set<number>>(
    () => [1],
    (x, field) => x.mul(Array.isArray(field) ? 2 : 3),
    setTo<number[] | Set<number>>(new Set([1])),
  ),
  'an object of a class': row(
    () => new Date(2),
    (x, date) => x.mul(date.getTime()),
    setTo(new Date(3)),
  ),
  'a field that is added': {
    make: () => {
      const model = new Absent(null, (x) => x);
      return {
        model,
        change: () => {
          model.extra = 3;
        },
      };
    },
  },
  'a field that is taken away': {
    make: () => {
      const model = new Absent(null, (x) => x);
      model.extra = 3;
      return { model, change: () => Reflect.deleteProperty(model, 'extra') };
    },
  },
  'a forward of one module': {
    make: () => {
      const model = new nn.Sequential(new Scaling(), new Using(null, (x) => x));
      return {
        model,
        change: () => {
          model.at(0).forward = (x) => x.mul(7);
        },
      };
    },
  },
  'a field behind a forward of one module': {
    make: () => {
      const scaling = new Scaling();
      scaling.forward = (x) => x.add(scaling.scale);
      return {
        model: new nn.Sequential(scaling, new Using(null, (x) => x)),
        change: () => {
          scaling.scale = 9;
        },
      };
    },
  },
  'a forward of a class': {
    make: () => {
      class Own extends Scaling {}
      return {
        model: new nn.Sequential(new Own(), new Using(null, (x) => x)),
        change: () => {
          Own.prototype.forward = (x) => x.mul(7);
        },
      };
    },
  },
  'dim of Softmax': layer(
    () => new nn.Softmax(0),
    (own: { dim: number }) => {
      own.dim = 1;
    },
  ),
  'dim of LogSoftmax': layer(
    () => new nn.LogSoftmax(0),
    (own: { dim: number }) => {
      own.dim = 1;
    },
  ),
  'startDim of Flatten': {
    make: () => {
      const flatten = new nn.Flatten(0);
      return {
        // Sums along the last dimension.
        model: new nn.Sequential(flatten, new Using(null, (x) => x.sum({ dim: -1 }).sum())),
        change: () => Reflect.set(flatten, 'startDim', 1),
      };
    },
  },
  'p of Dropout': layer(
    () => new nn.Dropout(0),
    (own: nn.Dropout) => {
      own.p = 1;
    },
  ),
  'the mode': {
    make: () => {
      class Moody extends Using<null> {
        override forward(x: Tensor): Tensor {
          return super.forward(x).mul(this.training ? 2 : 3);
        }
      }
      const model = new Moody(null, (x) => x);
      return { model, change: () => model.eval() };
    },
  },
};
