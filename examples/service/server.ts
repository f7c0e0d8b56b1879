/** Puts the server together: what each part does stands in its own file. */
import fastifySse from '@fastify/sse';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Split } from '../mnist/digits.js';
import { pageRoutes } from './page.js';
import { predictionRoutes } from './prediction-routes.js';
import { type SecurityOptions, secure } from './security.js';
import { Trainer } from './trainer.js';
import { trainingRoutes } from './training-routes.js';

/** The package's types take its CommonJS export for a module that has the plugin inside; it is the plugin. */
const sse = fastifySse as unknown as typeof fastifySse.default;

export interface ServerOptions extends SecurityOptions {
  readonly digits: Split;
  /** Where the model is kept; it is loaded from there if it is there. */
  readonly modelFile: string;
  readonly logLevel: string;
  /** Bytes that a training may take. */
  readonly memory: number;
  /** Milliseconds in which a request must have come in whole. */
  readonly requestTimeout: number;
}

/** A server that does not listen yet. `close()` stops a training after its last whole step and saves the model. */
export async function buildServer(options: ServerOptions): Promise<FastifyInstance> {
  const { digits, modelFile, logLevel, memory, requestTimeout } = options;
  const server = Fastify({
    logger: { level: logLevel },
    // JSON has types: '5' is not 5, and an unknown field is not dropped in silence.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    requestTimeout,
    http: { headersTimeout: requestTimeout, connectionsCheckingInterval: Math.ceil(requestTimeout / 10) },
  });
  // A client can hold as many connections as it likes open; each has a buffer.
  server.server.maxConnections = 1000;
  const trainer = await Trainer.create(digits, modelFile, server.log);
  // Before the server stops listening: streams of events end with their job, so none holds the server up.
  server.addHook('preClose', async () => trainer.close());

  await secure(server, options);
  await server.register(sse);
  await server.register(trainingRoutes, { trainer, memory });
  await server.register(predictionRoutes, { trainer });
  await server.register(pageRoutes);
  server.get('/health', () => ({ status: 'ok', job: trainer.running?.id ?? null, accuracy: trainer.model.accuracy }));
  return server;
}
