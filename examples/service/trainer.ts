/** Keeps the model that answers, and trains one job at a time. */
import type { FastifyBaseLogger } from 'fastify';
import { manualSeed } from 'lanewise';
import type { Split } from '../mnist/digits.js';
import { Job, type JobState } from './job.js';
import { createModel, loadModel, type Model, saveModel } from './model.js';
import { type TrainingOptions, train } from './training.js';

/** How many jobs that are over can still be asked about. */
const keptJobs = 20;

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
    return new Trainer(digits, modelFile, log, loaded ?? createModel({ hidden: [256, 128], dropout: 0.5 }));
  }

  /** The model that answers; in training it gets better while it answers. */
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

  /** Begins to train a new model, which answers from now on. Call it only while nothing is running. */
  start(options: TrainingOptions): Job {
    if (this.#running !== null) throw new Error('a training is running');
    manualSeed(options.seed);
    this.#model = createModel(options);
    const job = new Job(options);
    this.#jobs.set(job.id, job);
    for (const id of [...this.#jobs.keys()].slice(0, -keptJobs)) this.#jobs.delete(id);
    this.#running = { job, ended: this.#run(job) };
    return job;
  }

  /** Stops a job after the step that it is in, and waits until it has ended. */
  async cancel(job: Job): Promise<void> {
    job.cancel();
    if (this.#running?.job === job) await this.#running.ended;
  }

  /** Stops what is running. After that the file holds the model. @throws Error when it could not be written */
  async close(): Promise<void> {
    if (this.#running !== null) await this.cancel(this.#running.job);
    await this.#save();
  }

  /** Never rejects: whoever wants to know how the job went asks the job. */
  async #run(job: Job): Promise<void> {
    this.#unsaved = true;
    this.#log.info({ job: job.id, options: job.options }, 'training');
    const end: { state: Exclude<JobState, 'running'>; error?: string } = { state: 'done' };
    try {
      end.state = await train(this.#model, this.#digits, job.options, job);
      await this.#save();
    } catch (error) {
      this.#log.error(error);
      end.state = 'failed';
      end.error = error instanceof Error ? error.message : String(error);
    }
    this.#running = null;
    job.end(end.state, end.error);
    this.#log.info({ job: job.id, state: job.state }, 'training ended');
  }

  async #save(): Promise<void> {
    if (!this.#unsaved) return;
    await saveModel(this.#modelFile, this.#model);
    this.#unsaved = false;
  }
}
