/**
 * Activations with their settings, by position as PyTorch users write them or by name. Without RReLU: with PyTorch's draws it cannot be
 * compiled in training.
 */
import type { Draw } from './draw.js';
import type { ModuleSpec } from './spec.js';

const made = (name: string, args: readonly unknown[] = [], options = {}): ModuleSpec => ({
  name,
  args,
  options,
  typed: false,
});

const plain = ['ReLU', 'ReLU6', 'SELU', 'SiLU', 'Mish', 'Hardswish', 'Hardsigmoid', 'Sigmoid', 'Tanh', 'Softsign'];
const makers: readonly ((draw: Draw) => ModuleSpec)[] = [
  ...[...plain, 'LogSigmoid', 'Tanhshrink', 'GELU', 'ELU', 'CELU', 'LeakyReLU', 'Hardtanh', 'Softplus'].map(
    (name) => () => made(name),
  ),
  (draw) => made('LeakyReLU', [draw.of([0.2, 0, 1.5])]),
  (draw) => made('ELU', [], { alpha: draw.of([0.5, 2]) }),
  (draw) => made('CELU', [], { alpha: draw.of([0.5, 2]) }),
  (draw) => made('GELU', [], { approximate: draw.of(['none', 'tanh']) }),
  (draw) => made('Hardtanh', [-0.5, draw.of([0.25, 2])]),
  (draw) => made('Softplus', [], { beta: draw.of([0.5, 3]), threshold: draw.of([1, 20]) }),
  (draw) => made('Threshold', [0.1, draw.of([-1, 0, 2])]),
  (draw) => made('Hardshrink', draw.of([[], [0.2]])),
  (draw) => made('Softshrink', draw.of([[], [0.2]])),
];

export const activation = (draw: Draw): ModuleSpec => draw.of(makers)(draw);
