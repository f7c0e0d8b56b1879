/** Models on several processes, as PyTorch's `torch.nn.parallel`. */
export { DistributedDataParallel, type DistributedDataParallelOptions } from './distributed-data-parallel.js';
