import { gather } from '../../functional/gather.js';
import type { Tensor } from '../../tensor/tensor.js';

/**
 * Pixels by their position, another for each image: out[n, c, y, x] = images[n, c, rows[n, y], columns[n, x]].
 * @param images [N, C, H, W]. @param rows [N or 1, h] of int32 in [0, H). @param columns [N or 1, w] of int32 in [0, W).
 */
export function samplePixels(images: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const [count, channels, height, width] = images.shape as readonly [number, number, number, number];
  const [h, w] = [rows.shape[1]!, columns.shape[1]!];
  const positions = rows
    .mul(width)
    .reshape([-1, 1, h, 1])
    .add(columns.reshape([-1, 1, 1, w]));
  const index = positions.expand([count, channels, h, w]).reshape([count, channels, h * w]);
  const planes = images.reshape([count, channels, height * width]);
  return gather(planes, 2, index).reshape([count, channels, h, w]);
}
