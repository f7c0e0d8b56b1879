/** Averages of weights, as PyTorch's `torch.optim.swa_utils`. */
export { AveragedModel, type AveragedModelOptions } from './averaged-model.js';
export {
  type AverageFn,
  getEmaAvgFn,
  getEmaMultiAvgFn,
  getSwaAvgFn,
  getSwaMultiAvgFn,
  type MultiAverageFn,
} from './averages.js';
export { SWALR, type SWALROptions } from './lr-scheduler/swa-lr.js';
export { updateBn } from './update-bn.js';
