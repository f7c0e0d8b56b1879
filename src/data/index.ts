/** Datasets, loaders and readers of files, as PyTorch's `torch.utils.data`. */
export { type Collated, defaultCollate } from './collate.js';
export { type CollatingOptions, DataLoader, type DataLoaderOptions } from './data-loader.js';
export { type Dataset, TensorDataset } from './dataset.js';
export { type ReadIdxOptions, readIdx } from './idx.js';
export { type ReadNpyOptions, readNpy, readNpz } from './npy.js';
export { DistributedSampler, type DistributedSamplerOptions } from './sampling/distributed.js';
export type { GeneratorOption, Sampler, Sized } from './sampling/sampler.js';
export {
  BatchSampler,
  RandomSampler,
  type RandomSamplerOptions,
  SequentialSampler,
  SubsetRandomSampler,
} from './sampling/samplers.js';
export { ConcatDataset, randomSplit, Subset } from './sampling/subset.js';
export { WeightedRandomSampler, type WeightedRandomSamplerOptions } from './sampling/weighted.js';
export * from './table/index.js';
export * as transforms from './transforms/index.js';
export { type FromModuleOptions, fromModule, ModuleDataset } from './workers/module-dataset.js';
export { getWorkerInfo, type WorkerInfo } from './workers/worker-info.js';
export type { WorkerOptions } from './workers/worker-options.js';
