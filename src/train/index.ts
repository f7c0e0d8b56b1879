/** Training and prediction off the event loop. */

export type { Batch, InputOf, Outcome } from './batch.js';
export type { Callback, TrainingContext } from './callback.js';
export type { CheckpointFileOptions } from './checkpoint-files.js';
export type { DistributedFitOptions } from './distributed/option.js';
export { EarlyStopping, type EarlyStoppingOptions } from './early-stopping.js';
export { epochs, fit } from './fit.js';
export type { EpochResult, History, Progress, Scores, StepResult } from './history.js';
export { CSVLogger, type CSVLoggerOptions } from './logs/csv-logger.js';
export { type PlotOptions, plot } from './logs/plot.js';
export { TensorBoard, type TensorBoardOptions } from './logs/tensorboard.js';
export { accuracy, type Metric, type MetricFunction, type MetricName } from './metrics.js';
export { type Checkpoint, ModelCheckpoint, type ModelCheckpointOptions } from './model-checkpoint.js';
export type { MonitorOptions } from './monitor.js';
export type { BatchFitOptions, CommonOptions, FitOptions, Loss } from './options.js';
export { type PredictOptions, predict } from './predict.js';
export type { ResumeOptions } from './resume-option.js';
export type { SampleWeights } from './sample-weight.js';
export type { ScheduledLR, Schedulers } from './schedulers.js';
export type { BatchOf, TrainingData } from './source.js';
export { TerminateOnNaN } from './terminate-on-nan.js';
