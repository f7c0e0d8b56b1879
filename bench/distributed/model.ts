/**
 * What the alpha-beta model says of a training step on several machines: a message takes a latency and its bytes over the bandwidth. The
 * bandwidths are what one TCP stream was taken to reach on such a link, not measured here.
 */

export interface Link {
  readonly name: string;
  /** Seconds that a message takes before its bytes. */
  readonly alpha: number;
  /** Bytes a second. */
  readonly bandwidth: number;
}

export const links: readonly Link[] = [
  { name: '1 Gbit/s', alpha: 30e-6, bandwidth: 0.117e9 },
  { name: '10 Gbit/s', alpha: 25e-6, bandwidth: 1.1e9 },
  { name: '25 Gbit/s', alpha: 20e-6, bandwidth: 2.6e9 },
  { name: '100 Gbit/s', alpha: 20e-6, bandwidth: 4e9 },
];

/** Gradients that travel together: their bytes, and at which part of the step they are there. */
export interface Message {
  readonly bytes: number;
  readonly readyAt: number;
}

/** Seconds of one sum over the ranks, as native/distributed/collectives.cc makes it. */
export function sumSeconds(bytes: number, ranks: number, { alpha, bandwidth }: Link): number {
  if (ranks === 1) return 0;
  // Two ranks send each other everything; more send a slice to each other rank and then the sum of theirs.
  if (ranks === 2) return alpha + bytes / bandwidth;
  return 2 * (alpha + ((ranks - 1) / ranks) * (bytes / bandwidth));
}

/** The share of a step's time that is left for computing when its sums travel one behind the other while it goes on. */
export function predictedEfficiency(
  stepSeconds: number,
  messages: readonly Message[],
  ranks: number,
  link: Link,
): number {
  let end = 0;
  for (const { bytes, readyAt } of messages)
    end = Math.max(end, readyAt * stepSeconds) + sumSeconds(bytes, ranks, link);
  return stepSeconds / Math.max(stepSeconds, end);
}

/** The network of rank.mjs: the small gradients with the second layer's first, then the first layer's, which is the last thing a step makes. */
export const mlpMessages: readonly Message[] = [
  { bytes: 4 * (128 * 256 + 128 + 10 * 128 + 10 + 256), readyAt: 0.6 },
  { bytes: 4 * 784 * 256, readyAt: 1 },
];
