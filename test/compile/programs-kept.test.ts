/** How many programs a compiled function keeps, and what it says when they are too few. */
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Program } from '../../src/compile/program.js';
import { compile, nn, noGrad, ones, type Tensor } from '../../src/index.js';

const emitted = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
beforeEach(() => emitted.mockClear());
afterAll(() => emitted.mockRestore());
afterEach(() => expect(emitted.mock.calls.length).toBeLessThan(2));

const warning = (): string => String(emitted.mock.calls[0]?.[0]);

/** Counts how often it is traced. */
function counted(options: { maxPrograms?: number } = {}) {
  let traces = 0;
  const run = compile((x: Tensor) => {
    traces++;
    return x.add(1);
  }, options);
  return { run, traces: () => traces };
}

it('keeps 16 programs by default, and as many as it is told', () => {
  for (const [options, most] of [
    [{}, 16],
    [{ maxPrograms: 3 }, 3],
    [{ maxPrograms: 40 }, 40],
  ] as const) {
    const { run, traces } = counted(options);
    for (let round = 0; round < 2; round++) for (let size = 0; size < most; size++) run(ones([size]));
    expect(traces()).toBe(most);
    run(ones([most]));
    run(ones([1]));
    expect(traces()).toBe(most + 1);
    run(ones([0]));
    expect(traces()).toBe(most + 2);
  }
  expect(emitted).not.toHaveBeenCalled();
});

it('drops the program that was not used for longest, and frees it', () => {
  const freed = vi.spyOn(Program.prototype, 'release');
  const { run, traces } = counted({ maxPrograms: 2 });
  for (const size of [1, 2, 1, 3]) run(ones([size]));
  expect(traces()).toBe(3);
  expect(freed).toHaveBeenCalledTimes(1);
  run(ones([1]));
  expect(traces()).toBe(3);
  run(ones([2]));
  expect(traces()).toBe(4);
  expect(freed).toHaveBeenCalledTimes(2);
  run.dispose();
  expect(freed).toHaveBeenCalledTimes(4);
  freed.mockRestore();
});

it('says once that shapes change all the time', () => {
  const { run } = counted({ maxPrograms: 2 });
  for (let size = 0; size < 9; size++) run(ones([size, 3]));
  expect(emitted).not.toHaveBeenCalled();
  for (let size = 9; size < 40; size++) run(ones([size, 3]));
  expect(emitted).toHaveBeenCalledTimes(1);
  expect(warning()).toContain('its arguments are float32 [9, 3], and were float32 [8, 3]');
  expect(warning()).toContain('8 programs were dropped, and 2 are kept (option maxPrograms)');
  expect(emitted.mock.calls[0]![1]).toMatchObject({ code: 'LANEWISE_RECORDED_AGAIN' });
});

it('says which value changes all the time', () => {
  const dropout = new nn.Dropout(0.5);
  const run = compile((x: Tensor) => dropout.forward(x), { maxPrograms: 4 });
  for (let i = 0; i < 30; i++) {
    dropout.p = i / 100;
    run(ones([2]));
  }
  expect(warning()).toContain("'p' of a value of type Dropout is 0.11, and was 0.1");
});

it('says that tensors get other memory, and that gradients are switched', () => {
  const layer = new nn.Linear(2, 2);
  const run = compile((x: Tensor) => layer.forward(x), { maxPrograms: 1 });
  for (let i = 0; i < 12; i++) {
    if (i % 2 === 0) noGrad(() => run(ones([1, 2])));
    else run(ones([1, 2]));
  }
  expect(warning()).toContain('whether gradients are recorded is false, and was true');
});

it.each([0, 1.5, '3', null])('refuses to keep %j programs', (maxPrograms) => {
  expect(() => compile(() => ones([1]), { maxPrograms: maxPrograms as number })).toThrow('compile: maxPrograms must');
});
