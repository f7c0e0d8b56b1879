/** The service that is measured: one route that predicts, as in examples/service. */
import Fastify, { type FastifyInstance } from 'fastify';
import type { Library } from '../contenders/library.js';
import type { Training } from './training.js';

/** @returns the server and the address of its route. */
export async function startServer(
  { predict, tensor }: Library['lanewise'],
  model: Training['model'],
): Promise<{ readonly server: FastifyInstance; readonly url: string }> {
  const server = Fastify();
  server.post<{ Body: { readonly pixels: readonly number[] } }>('/predict', async (request) => {
    const { pixels } = request.body;
    const logits = await predict(model, tensor(pixels, { shape: [1, pixels.length] }));
    return { probabilities: logits.softmax(1).toArray() };
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, url: `${address}/predict` };
}
