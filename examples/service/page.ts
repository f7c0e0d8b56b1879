/** The page: files of this folder, and Chart.js as its package brings it. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyPluginAsync } from 'fastify';

const chartFolder = dirname(createRequire(import.meta.url).resolve('chart.js'));

export const pageRoutes: FastifyPluginAsync = async (server) => {
  await server.register(fastifyStatic, { root: fileURLToPath(new URL('./page', import.meta.url)) });
  server.get('/chart.js', (_request, reply) => reply.sendFile('chart.umd.min.js', chartFolder));
};
