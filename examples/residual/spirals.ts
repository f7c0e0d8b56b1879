import { rand, randn, type Tensor, tensor } from 'lanewise';

/** Two spirals, one inside the other: points [samples, 2] and their labels [samples], 0 or 1. No line keeps them apart. */
export function makeSpirals(samples: number): { points: Tensor; labels: Tensor } {
  const turns = 1.5;
  // `rand` and `randn` draw from the generator that `manualSeed` seeds, so every run sees the same points.
  const along = rand([samples]).toTypedArray();
  const noise = randn([samples, 2]).mul(0.02);
  const clean = new Float32Array(samples * 2);
  const labels = new Int32Array(samples);
  for (let i = 0; i < samples; i++) {
    const label = i % 2;
    // The square root spreads the points evenly along the spiral.
    const radius = Math.sqrt(along[i]!);
    const angle = 2 * Math.PI * turns * radius + Math.PI * label;
    clean[2 * i] = radius * Math.cos(angle);
    clean[2 * i + 1] = radius * Math.sin(angle);
    labels[i] = label;
  }
  return { points: tensor(clean, { shape: [samples, 2] }).add(noise), labels: tensor(labels) };
}
