/** The networks of `npm run fuzz:torch`, without PyTorch: they can be made and trained, and compiled ones do the same. */
import { expect, it } from 'vitest';
import { expectClose } from '../../helpers/close.js';
import { generate } from './generate.js';
import { train } from './network.js';

it('are determined by seed and number', () => {
  expect(generate(3, 5)).toEqual(generate(3, 5));
  expect(generate(3, 6)).not.toEqual(generate(3, 5));
  expect(generate(4, 5)).not.toEqual(generate(3, 5));
});

it('train eager as compiled', () => {
  for (let index = 0; index < 10; index++) {
    const given = { ...generate(20261126, index), keepGradients: true };
    const way = { backend: 'reference', dtype: 'float64' } as const;
    const eager = train(given, { ...way, isCompiled: false });
    const compiled = train(given, { ...way, isCompiled: true });
    for (const part of ['initial', 'first', 'after'] as const) {
      expect(Object.keys(compiled[part])).toEqual(Object.keys(eager[part]));
      for (const [name, values] of Object.entries(eager[part]))
        expectClose(compiled[part][name]!, values, { what: `${index}: ${name}`, tolerance: 1e-12 });
    }
  }
});
