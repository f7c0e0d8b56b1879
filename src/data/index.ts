/** Datasets, loaders and readers of files, as PyTorch's `torch.utils.data`. */
export { defaultCollate } from './collate.js';
export { type CollatingOptions, DataLoader, type DataLoaderOptions } from './data-loader.js';
export { type Dataset, TensorDataset } from './dataset.js';
export { type ReadIdxOptions, readIdx } from './idx.js';
export { type ReadNpyOptions, readNpy, readNpz } from './npy.js';
export * from './table/index.js';
export * as transforms from './transforms/index.js';
