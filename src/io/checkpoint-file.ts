/**
 * The file of a checkpoint: safetensors, the model's tensors by PyTorch's names, all others behind a prefix, and the rest of the state as
 * JSON in the metadata.
 */
import { show } from '../check.js';
import { version } from '../copies.js';
import { ArgumentError } from '../errors.js';
import { type FileFacts, type Reading, readFileAsync } from '../files/source.js';
import type { HostArray } from '../ops/ops.js';
import { isRecord } from '../realm.js';
import type { Storage } from '../tensor/storage.js';
import type { Tensor } from '../tensor/tensor.js';
import { fileInfo } from './file-info.js';
import { readSafetensors } from './safetensors-read.js';
import { bytesOf, type SafetensorsLayout, safetensorsLayout } from './safetensors-write.js';
import { joinState, type SplitState, splitState } from './state-tree.js';

/** What the names of all tensors begin with that are not the model's. */
export const ownPrefix = 'lanewise:';

/** The number of the format. Another one means that the state is of another form. */
const formatVersion = '1';

const keys = { version: 'lanewise.checkpoint', library: 'lanewise.version', state: 'lanewise.state' } as const;

/** All that a checkpoint holds, by names. */
export type CheckpointState = Readonly<Record<string, unknown>>;

/**
 * Takes the state of a checkpoint apart. Its `model` is a state dict.
 * @throws ArgumentError for what cannot be saved, with the place of it.
 */
export function splitCheckpoint(caller: string, state: CheckpointState): SplitState {
  return splitState(caller, state, ([first, ...rest]) => {
    if (first !== 'model') return `${ownPrefix}${[first, ...rest].join('.')}`;
    const name = rest.join('.');
    if (!name.startsWith(ownPrefix)) return name;
    throw new ArgumentError(`${caller}: the model cannot have a tensor called ${show(name)}: ${ownPrefix} is taken`);
  });
}

/**
 * Lays out the file of what {@link splitCheckpoint} gave.
 * @param tensors of the names of those of the state; their numbers are not looked at.
 * @throws ArgumentError for a state that is too large for the format.
 */
export function checkpointLayout(
  caller: string,
  { json }: Pick<SplitState, 'json'>,
  tensors: ReadonlyMap<string, Tensor>,
): SafetensorsLayout {
  const metadata = new Map([
    ['format', 'pt'],
    [keys.version, formatVersion],
    [keys.library, version],
    [keys.state, JSON.stringify(json)],
  ]);
  return safetensorsLayout(caller, tensors, metadata);
}

/**
 * The bytes of the file.
 * @param piecesOf gives the numbers of a storage in pieces, which do not change before the file is written.
 */
export async function* checkpointChunks(
  { header, items }: SafetensorsLayout,
  piecesOf: (storage: Storage) => Iterable<HostArray> | AsyncIterable<HostArray>,
): AsyncGenerator<Uint8Array> {
  yield header;
  for (const { type, tensor } of items) for await (const piece of piecesOf(tensor.storage)) yield bytesOf(type, piece);
}

/** Reads a checkpoint. @throws ArgumentError that names the file, when it is not there, not whole, or no checkpoint of this version. */
export function readCheckpoint(caller: string, path: string | URL): Promise<CheckpointState> {
  return readFileAsync(caller, path, (file) => read(caller, file));
}

function* read(caller: string, file: FileFacts): Reading<CheckpointState> {
  const tensors = yield* readSafetensors(file);
  const { metadata } = fileInfo(tensors);
  const found = metadata[keys.version];
  if (found === undefined)
    file.fail('is no checkpoint: it holds tensors without the state of a training; io.load reads them');
  if (found !== formatVersion)
    file.fail(
      `is a checkpoint of version ${show(found)}, written by lanewise ${metadata[keys.library] ?? 'of an unknown version'}; ` +
        `this one, ${version}, reads version ${formatVersion}`,
    );
  let json: unknown;
  try {
    json = JSON.parse(metadata[keys.state] ?? '');
  } catch (cause) {
    file.fail(`the state in its metadata is not JSON`, cause);
  }
  const state = joinState(`${caller}: ${file.name}`, json, (name) =>
    Object.hasOwn(tensors, name) ? tensors[name] : undefined,
  );
  return isRecord(state) ? state : file.fail('the state in its metadata is no object');
}
