/** Keeps the model that answers, and trains one job at a time. */
import type { FastifyBaseLogger } from 'fastify';
import { manualSeed, type nn, type Tensor } from 'lanewise';
import type { Split } from '../mnist/digits.js';
import { type EndState, Job } from './job.js';
import { loadModel, type Model, saveModel } from './model.js';
import { createNetwork, drawWeights, weightsOf } from './network.js';
import { type EpochResult, type TrainingOptions, train } from './training.js';

/** How many jobs that are over can still be asked about. */
const keptJobs = 20;
const firstArchitecture = { hidden: [256, 128], dropout: 0.5 };

export class Trainer {
  readonly #digits: Split;
  readonly #modelFile: string;
  readonly #log: FastifyBaseLogger;
  readonly #jobs = new Map<string, Job>();
  #model: Model;
  #running: { readonly job: Job; readonly ended: Promise<void> } | null = null;
  /** Whether the model differs from its file. */
  #unsaved = false;

  private constructor(digits: Split, modelFile: string, log: FastifyBaseLogger, model: Model) {
    this.#digits = digits;
    this.#modelFile = modelFile;
    this.#log = log;
    this.#model = model;
  }

  /** With the model of the file, or an untrained one when there is no such file. */
  static async create(digits: Split, modelFile: string, log: FastifyBaseLogger): Promise<Trainer> {
    const loaded = await loadModel(modelFile);
    if (loaded !== null) log.info(`loaded the model of ${modelFile}`);
    return new Trainer(digits, modelFile, log, loaded ?? (await untrained()));
  }

  /** The model that answers. */
  get model(): Model {
    return this.#model;
  }

  /** The job in progress. */
  get running(): Job | null {
    return this.#running?.job ?? null;
  }

  find(id: string): Job | null {
    return this.#jobs.get(id) ?? null;
  }

  /**
   * Begins to train a new model. It answers from the first epoch on after which it is as good as the one that answers. Call it only while
   * nothing is running.
   */
  start(options: TrainingOptions): Job {
    if (this.#running !== null) throw new Error('a training is running');
    const job = new Job(options);
    this.#jobs.set(job.id, job);
    for (const id of [...this.#jobs.keys()].slice(0, -keptJobs)) this.#jobs.delete(id);
    this.#running = { job, ended: this.#run(job) };
    return job;
  }

  /** Stops what is running. After that the file holds the model. @throws Error when it could not be written */
  async close(): Promise<void> {
    this.#running?.job.cancel();
    await this.#running?.ended;
    await this.#save();
  }

  /** Never rejects: the job says how it went. */
  async #run(job: Job): Promise<void> {
    const { options, signal } = job;
    this.#log.info({ job: job.id, options }, 'training');
    let state: EndState = 'failed';
    let message: string | null = null;
    try {
      const network = createNetwork(options, await drawWeights(options, options.seed, signal));
      manualSeed(options.seed);
      await train(network, this.#digits, options, {
        signal,
        addProgress: (progress) => job.addProgress(progress),
        addEpoch: (result) => job.addEpoch({ ...result, answers: this.#offer(network, options, result) }),
      });
      state = 'done';
    } catch (error) {
      if (signal.aborted && error === signal.reason) state = 'cancelled';
      else message = this.#failure(error);
    }
    try {
      await this.#save();
    } catch (error) {
      state = 'failed';
      message = this.#failure(error);
    }
    this.#running = null;
    job.end(state, message);
    this.#log.info({ job: job.id, state }, 'training ended');
  }

  /** Lets a model answer if it is as good as the one that does. It answers as it is now, whatever becomes of it. */
  #offer(
    network: nn.Module<[Tensor], Tensor>,
    { channels = [], hidden, dropout }: TrainingOptions,
    { validation: { accuracy } }: Omit<EpochResult, 'answers'>,
  ): boolean {
    if (accuracy < this.#model.accuracy) return false;
    const architecture = { channels, hidden, dropout };
    this.#model = { architecture, network: createNetwork(architecture, weightsOf(network)), accuracy };
    this.#unsaved = true;
    return true;
  }

  #failure(error: unknown): string {
    this.#log.error(error);
    return error instanceof Error ? error.message : String(error);
  }

  async #save(): Promise<void> {
    if (!this.#unsaved) return;
    const model = this.#model;
    await saveModel(this.#modelFile, model);
    this.#unsaved = model !== this.#model;
  }
}

async function untrained(): Promise<Model> {
  const weights = await drawWeights(firstArchitecture, 0, new AbortController().signal);
  return { architecture: firstArchitecture, network: createNetwork(firstArchitecture, weights), accuracy: 0 };
}
