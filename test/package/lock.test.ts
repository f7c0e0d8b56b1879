// A registry that lacks some platforms' packages makes npm write a lock file without them; `npm ci` then refuses to run.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

it('locks every optional dependency, whichever platform it is for', () => {
  const file = new URL('../../package-lock.json', import.meta.url);
  const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, Locked> };
  const optional = Object.entries(packages).flatMap(([at, locked]) =>
    Object.keys(locked.optionalDependencies ?? {}).map((name) => [
      `${at}/node_modules/${name}`,
      `node_modules/${name}`,
    ]),
  );
  expect(optional.length).toBeGreaterThan(10);
  expect(optional.filter((places) => !places.some((place) => place in packages))).toEqual([]);
});
