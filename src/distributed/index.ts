/** Several processes that compute together, as PyTorch's `torch.distributed`. */
export {
  allGather,
  allReduce,
  barrier,
  broadcast,
  type CollectiveOptions,
  type ReduceOptions,
  reduceScatter,
} from './collectives.js';
export type { AllReduceOptions, GroupArray, GroupReduceOptions, ProcessGroup, ReduceOp } from './group.js';
export {
  destroyProcessGroup,
  getLocalRank,
  getRank,
  getWorldSize,
  type InitProcessGroupOptions,
  initProcessGroup,
  isInitialized,
} from './process-group.js';
