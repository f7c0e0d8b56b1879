import { afterAll, beforeAll, describe } from 'vitest';
import { backend } from '../../src/index.js';

/** Runs a suite once on every backend that this machine has, the backend in use while its tests run. */
export function describeEachBackend(name: string, suite: (backendName: string) => void): void {
  describe.each(backend.available)(`${name} on %s`, (backendName) => {
    runOn(backendName);
    suite(backendName);
  });
}

/** The backend to use for the tests of the surrounding `describe`. */
export function runOn(backendName: string): void {
  let before = backendName;
  beforeAll(() => {
    before = backend.name;
    backend.use(backendName);
  });
  afterAll(() => backend.use(before));
}
