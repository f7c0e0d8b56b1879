/** Reads what `torch.save` has written, since PyTorch 1.6: a zip file with a pickle in it and the memory of each storage next to that. */
import { crc32 } from 'node:zlib';
import { show } from '../check.js';
import { type ElementName, type Elements, elementBytes, readElements } from '../files/elements.js';
import type { FileFacts, Reading } from '../files/source.js';
import { checkSum, entryStart, readDirectory, readEntry, type ZipEntry } from '../files/zip.js';
import type { StateDict } from '../nn/state-dict.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Conversion, noteInfo } from './file-info.js';
import { unpickle } from './pickle.js';
import { Dict, kindOf, type TorchStorage, TorchTensor, type Value } from './pickle-values.js';
import { isNative } from './safetensors-read.js';
import { callName, kindsOf, knownName, storageOf } from './torch-names.js';
import { tensorOfView, type View, viewKey, viewOf } from './torch-views.js';

/** Dicts within dicts. */
const mostDepth = 32;
/** How many times the elements of a storage may all in all stand in different tensors. */
const mostShared = 8;

/** The tensors of the dict at `keys` by name; names of dicts within it are joined by dots. */
export function* readTorch(file: FileFacts, keys: readonly string[]): Reading<StateDict> {
  const entries = yield* readDirectory(file);
  const pickle = [...entries.values()].find(({ name }) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) file.fail('a zip file, but not one of PyTorch: it has no data.pkl');
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${folder}constants.pkl`))
    file.fail('a program of TorchScript: save its state dict: torch.save(module.state_dict(), path)');
  yield* checkByteOrder(file, entries.get(`${folder}byteorder`));
  const named = flatten(parse(yield* readEntry(file, pickle), file), keys, file);
  return yield* readTensors(named, (key) => entries.get(`${folder}data/${key}`), file);
}

function* checkByteOrder(file: FileFacts, entry: ZipEntry | undefined): Reading<void> {
  const order = entry === undefined ? 'little' : Buffer.from(yield* readEntry(file, entry)).toString('latin1');
  if (order !== 'little') file.fail(`written on a machine of byte order ${show(order)}; only little can be read`);
}

function parse(bytes: Uint8Array<ArrayBuffer>, file: FileFacts): Value {
  return unpickle(bytes, {
    fail: file.fail,
    global: (module, name, at) =>
      knownName(module, name) ??
      file.fail(
        `the pickle names ${shortened(`${module}.${name}`)} (byte ${at} of it), which no state dict of tensors needs: nothing of it is run; ` +
          'save torch.save(model.state_dict(), path)',
      ),
    call: (global, args, at) =>
      callName(global, args, at) ?? file.fail(`the pickle calls ${global} with ${kindsOf(args)} (byte ${at} of it)`),
    persistent: (id, at) => storageOf(id) ?? file.fail(`the pickle describes no storage of tensors (byte ${at} of it)`),
  });
}

const shortened = (text: string): string => (text.length > 80 ? `${text.slice(0, 80)}...` : text);

/** The tensors of a dict, and of the dicts in it. */
function flatten(root: Value, keys: readonly string[], file: FileFacts): Map<string, TorchTensor> {
  let chosen = root;
  for (const [i, key] of keys.entries()) {
    const where = i === 0 ? 'the file' : show(keys.slice(0, i).join('.'));
    if (!(chosen instanceof Dict)) file.fail(`${where} holds ${kindOf(chosen)}, not a dict with the key ${show(key)}`);
    chosen = chosen.entries.get(key) ?? file.fail(`${where} has no key ${show(key)}; it has ${keysOf(chosen)}`);
  }
  const named = new Map<string, TorchTensor>();
  if (chosen instanceof TorchTensor) return named.set(keys.at(-1) ?? '', chosen);
  if (!(chosen instanceof Dict)) file.fail(`holds ${kindOf(chosen)}, not a dict of tensors`);
  // Each dict may be met once: one that is in the file once and in many places would take more memory than the file.
  const met = new Set<Dict>();
  const walk = (dict: Dict, prefix: string, depth: number): void => {
    if (depth > mostDepth || met.has(dict))
      file.fail(`${show(prefix)} is a dict that is repeated, or deeper than ${mostDepth}`);
    met.add(dict);
    for (const [key, value] of dict.entries) {
      const name = `${prefix}${key}`;
      if (value instanceof Dict) walk(value, `${name}.`, depth + 1);
      else if (!(value instanceof TorchTensor))
        file.fail(`${show(name)} is ${kindOf(value)}, not a tensor${hint(root, keys)}`);
      else if (named.has(name)) file.fail(`the name ${show(name)} stands for two tensors`);
      else named.set(name, value);
    }
  };
  walk(chosen, '', 0);
  return named;
}

const keysOf = (value: Dict): string => [...value.entries.keys()].slice(0, 8).map(show).join(', ');

function hint(root: Value, keys: readonly string[]): string {
  return keys.length === 0 && root instanceof Dict
    ? `; the file has the keys ${keysOf(root)}: choose the state dict by the option key`
    : '';
}

interface Item {
  readonly name: string;
  readonly view: View;
}

/** Reads storage by storage, each once; tensors of the same elements are the same tensor. */
function* readTensors(
  named: ReadonlyMap<string, TorchTensor>,
  entryOf: (key: string) => ZipEntry | undefined,
  file: FileFacts,
): Reading<StateDict> {
  /** By storage and type: a storage of bytes may be read as several types. */
  const groups = new Map<string, { storage: TorchStorage; type: ElementName; entry: ZipEntry; items: Item[] }>();
  for (const [name, tensor] of named) {
    const { storage, type } = tensor;
    const fail = (what: string): never => file.fail(`tensor ${show(name)} (byte ${tensor.at} of the pickle): ${what}`);
    const entry = entryOf(storage.key) ?? fail(`its storage data/${storage.key} is not in the file`);
    const bytes = storage.length * (storage.type === null ? 1 : elementBytes(storage.type));
    if (entry.size !== bytes)
      fail(
        `its storage data/${storage.key} (byte ${entry.header} of the file) has ${entry.size} bytes, the pickle says ${bytes}`,
      );
    if (entry.isDeflated) fail(`its storage data/${storage.key} is compressed, which PyTorch does not do`);
    const view = viewOf(tensor, Math.floor(bytes / elementBytes(type)), fail);
    const id = `${type} ${storage.key}`;
    const group = groups.get(id) ?? { storage, type, entry, items: [] };
    groups.set(id, group);
    group.items.push({ name, view });
  }
  const tensors = new Map<string, Tensor>();
  const converted: Conversion[] = [];
  for (const { type, entry, items } of groups.values()) {
    const length = Math.floor(entry.size / elementBytes(type));
    checkShared(items, length, file);
    const elements = yield* readStorage(file, entry, type, length);
    const made = new Map<string, Tensor>();
    for (const { name, view } of items) {
      const key = viewKey(view);
      const tensor = made.get(key) ?? tensorOfView(view, elements.array, elements.dtype);
      made.set(key, tensor);
      tensors.set(name, tensor);
      if (!isNative.has(type)) converted.push({ name, from: type, to: elements.dtype, rounded: elements.rounded });
    }
  }
  const state: StateDict = Object.create(null);
  for (const name of named.keys()) state[name] = tensors.get(name)!;
  return noteInfo(state, { format: 'pytorch', metadata: Object.create(null), converted });
}

function checkShared(items: readonly Item[], length: number, file: FileFacts): void {
  const distinct = new Map(items.map(({ view }) => [viewKey(view), view.numel]));
  let sum = 0;
  for (const numel of distinct.values()) sum += numel;
  if (sum > mostShared * length)
    file.fail(
      `tensor ${show(items[0]?.name)} and others take more than ${mostShared} times the storage that they share`,
    );
}

function* readStorage(file: FileFacts, entry: ZipEntry, type: ElementName, length: number): Reading<Elements> {
  let sum = 0;
  const seen = (bytes: Uint8Array): void => {
    sum = crc32(bytes, sum);
  };
  const elements = yield* readElements(type, length, yield* entryStart(file, entry), { seen });
  checkSum(file, entry, sum);
  return elements;
}
