/** Saving and loading: safetensors and files of other programs. */
export type { ByteStream, FileSource } from '../files/source.js';
export {
  type CheckpointContents,
  type LoadedCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
  type TrainingParts,
} from './checkpoint.js';
export { type Conversion, type FileInfo, fileInfo } from './file-info.js';
export { fromBrain } from './from-brain.js';
export { deserialize, type LoadOptions, load, loadSync } from './load.js';
export { type LoadTfjsOptions, loadTfjs } from './load-tfjs.js';
export { type SaveOptions, save, saveSync, serialize, type WritableLike } from './save.js';
export type { Saveable } from './state-entries.js';
export type { TfjsWeight } from './tfjs-layouts.js';
