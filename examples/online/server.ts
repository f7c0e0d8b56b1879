/** What is asked over HTTP while the model learns. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Day } from '../weather/days.js';
import { forecast, type Learner } from './learner.js';

/** Where the stream is. */
export interface Stand {
  readonly place: string;
  readonly today: Day;
  /** Mean absolute errors of the last year, in degrees. */
  readonly online: number;
  readonly frozen: number;
}

export function buildServer(learner: Learner, standNow: () => Stand): FastifyInstance {
  const server = Fastify({ logger: false });
  server.get('/forecast', async () => {
    const { place, today } = standNow();
    return { place, date: today.date.toISOString().slice(0, 10), tomorrow: await forecast(learner.model, today) };
  });
  server.get('/errors', () => {
    const { online, frozen } = standNow();
    return { online, frozen };
  });
  return server;
}
