/** A large file takes its own size in memory, once. A child's peak begins with what its parent has, so that this one has a small one. */
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';
import { safetensorsFile, temporaryFolder } from '../io/files.js';

const folder = temporaryFolder();
const mega = 2 ** 20;

/** A file of zeros in which no zero lies on the disk, with four tensors. */
function sparse(dtype: string, bytes: number): string {
  const path = join(folder, `${dtype}.safetensors`);
  const size = { F32: 4, F16: 2, I64: 8 }[dtype]!;
  const part = bytes / 4;
  const entries = [0, 1, 2, 3].map((i) => [
    `t${i}`,
    { dtype, shape: [part / size], data_offsets: [i * part, (i + 1) * part] },
  ]);
  const header = safetensorsFile(Object.fromEntries(entries));
  const file = openSync(path, 'w');
  writeSync(file, header);
  ftruncateSync(file, header.length + bytes);
  closeSync(file);
  return path;
}

const cases = [
  ['load', 'F32', 400, 400],
  ['loadSync', 'F32', 400, 400],
  // Half the bytes in the file; what is read is converted piece by piece.
  ['load', 'F16', 200, 400],
  ['load', 'I64', 400, 200],
] as const;

it.each(cases)('%s of %s takes what its tensors take', { timeout: 60_000 }, async (call, dtype, file, tensors) => {
  const path = sparse(dtype, file * mega);
  const { reported } = await runChild(`
    const { io } = await src('index.ts');
    const before = process.resourceUsage().maxRSS;
    const state = await io.${call}(${JSON.stringify(path)});
    report({ taken: (process.resourceUsage().maxRSS - before) * 1024, numel: Object.values(state).map((t) => t.numel) });`);
  const { taken, numel } = reported as { taken: number; numel: number[] };
  const size = { F32: 4, F16: 2, I64: 8 }[dtype];
  expect(numel).toEqual(new Array(4).fill((file * mega) / 4 / size));
  // That the memory was taken at all, and no second time.
  expect(taken).toBeGreaterThan(0.9 * tensors * mega);
  expect(taken).toBeLessThan(1.1 * tensors * mega + 20 * mega);
});
