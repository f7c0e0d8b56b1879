/** The table of names of "From PyTorch", from PyTorch's names (test/golden/names.json) and what this library exports. */
import { differences, ours } from './differences.js';

/** PyTorch's public names by module. */
export type PytorchNames = Readonly<Record<string, readonly string[]>>;

/** What is exported under a module of PyTorch. */
export interface Exported {
  /** `nn.utils`, in PyTorch's spelling. */
  readonly module: string;
  /** Other modules of PyTorch that may have its names: functions of `torch` are in `functional` here. */
  readonly also?: readonly string[];
  /** Where users find them here: `optim.lrScheduler`; empty for the package itself. */
  readonly path: string;
  readonly names: readonly string[];
}

export interface Row {
  readonly pytorch: string;
  /** null: there is none. */
  readonly lanewise: string | null;
  readonly difference: string;
}

/** `log_softmax` as `logSoftmax`; `relu_` stays `relu_`; classes and short names stay. */
export function inCamelCase(name: string): string {
  return name.replace(/(?<=[^_])_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Names that are not for users: parts of PyTorch's machinery, deprecated and lazy forms. */
const isInternal = (name: string) =>
  /^Lazy|torch_function|^assert_|_with_indices$|DataPipe|^_|validation|determin|^native_|Base$|^Container$/.test(name);

const inPath = (path: string, name: string) => (path === '' ? name : `${path}.${name}`);

/** The rows of a module: all of PyTorch's names for `complete` modules, else those that exist here. */
export function rowsOf({ module, path, names }: Exported, pytorch: PytorchNames, complete: boolean): Row[] {
  const known = new Map((pytorch[module] ?? []).map((name) => [inCamelCase(name), name]));
  const exported = new Set(names);
  const rows: Row[] = [];
  for (const [here, there] of known) {
    const isHere = exported.has(here);
    if (isInternal(there) && !isHere) continue;
    if (!isHere && !complete) continue;
    const key = `${module}.${there}`;
    rows.push({
      pytorch: there,
      lanewise: isHere ? inPath(path, here) : null,
      difference: differences[key] ?? '',
    });
  }
  return rows.sort((a, b) => a.pytorch.localeCompare(b.pytorch, 'en'));
}

/** Names of this library that PyTorch's module has not and that `ours` does not explain. */
export function unexplained({ module, also = [], path, names }: Exported, pytorch: PytorchNames): string[] {
  const known = new Set([module, ...also].flatMap((each) => (pytorch[each] ?? []).map(inCamelCase)));
  return names.filter((name) => !known.has(name) && ours[inPath(path, name)] === undefined);
}

/** What PyTorch has not. */
export const oursTable = (): string =>
  ['| lanewise | what |', '|---|---|', ...Object.entries(ours).map(([name, what]) => `| \`${name}\` | ${what} |`)].join(
    '\n',
  );

export function table(rows: readonly Row[]): string {
  const lines = rows.map(
    ({ pytorch, lanewise, difference }) =>
      `| \`${pytorch}\` | ${lanewise === null ? 'not there' : `\`${lanewise}\``} | ${difference} |`,
  );
  return ['| PyTorch | lanewise | difference |', '|---|---|---|', ...lines].join('\n');
}
