import type { FastifyPluginAsync } from 'fastify';
import { predict, tensor } from 'lanewise';
import { classes, pixels } from './network.js';
import type { Trainer } from './trainer.js';

/** Images in one request. */
const mostImages = 256;

const image = {
  type: 'array',
  minItems: pixels,
  maxItems: pixels,
  items: { type: 'number', minimum: 0, maximum: 1 },
} as const;

/** One image, row by row, 0 for background and 1 for ink; or a list of images. */
const body = {
  type: 'object',
  required: ['pixels'],
  additionalProperties: false,
  properties: {
    pixels: { anyOf: [image, { type: 'array', minItems: 1, maxItems: mostImages, items: image }] },
  },
} as const;

const answer = {
  type: 'object',
  properties: {
    predictions: {
      type: 'array',
      items: {
        type: 'object',
        properties: { digit: { type: 'integer' }, probabilities: { type: 'array', items: { type: 'number' } } },
      },
    },
  },
} as const;

interface Prediction {
  /** The most probable one. */
  readonly digit: number;
  /** Of the digits 0 to 9. */
  readonly probabilities: readonly number[];
}

interface PredictRoute {
  readonly Body: { readonly pixels: readonly number[] | readonly (readonly number[])[] };
  readonly Reply: { readonly predictions: readonly Prediction[] };
}

export const predictionRoutes: FastifyPluginAsync<{ readonly trainer: Trainer }> = async (server, { trainer }) => {
  // A pixel takes at most some 20 characters.
  const bodyLimit = mostImages * pixels * 24;
  server.post<PredictRoute>('/predict', { bodyLimit, schema: { body, response: { 200: answer } } }, async (request) => {
    const images = tensor(request.body.pixels).reshape([-1, pixels]);
    // On the library's own threads, also while a training runs.
    const logits = await predict(trainer.model.network, images);
    const probabilities = logits.softmax(1).toTypedArray('float32');
    return {
      predictions: Array.from({ length: images.shape[0]! }, (_, i) =>
        predictionOf([...probabilities.subarray(i * classes, (i + 1) * classes)]),
      ),
    };
  });
};

const predictionOf = (probabilities: readonly number[]): Prediction => ({
  digit: probabilities.indexOf(Math.max(...probabilities)),
  probabilities,
});
