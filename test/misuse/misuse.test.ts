/**
 * Bad input, tried on every backend: the right error with a stable code and a message that names the place, and a fixture
 * that is as it was: parameters, gradients, optimizer state, generators, modes, backend.
 */
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { LanewiseError } from '../../src/index.js';
import { describeEachBackend } from '../helpers/backends.js';
import { type Fixture, makeFixture, picture } from './fixture.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  return expect.fail('nothing was thrown');
}

/** Of one backend: made again after a row that changes something, which fails. */
let untouched: { readonly fixture: Fixture; readonly before: unknown } | null = null;

function tryRow({ act, error, code, message }: Row): void {
  if (untouched === null) {
    const fixture = makeFixture();
    untouched = { fixture, before: picture(fixture) };
  }
  const { fixture, before } = untouched;
  untouched = null;
  const thrown = thrownBy(() => act(fixture));
  expect(thrown).toBeInstanceOf(error);
  const { message: said } = thrown as Error;
  if (typeof message === 'string') expect(said).toContain(message);
  else expect(said).toMatch(message);
  if (code === null) expect(thrown).not.toBeInstanceOf(LanewiseError);
  else expect((thrown as LanewiseError).code).toBe(code);
  const after = picture(fixture);
  // Much faster than expect; which then says where they differ.
  if (!isDeepStrictEqual(after, before)) expect(after).toStrictEqual(before);
  untouched = { fixture, before };
}

it('has no row twice', () => {
  const names = rows.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

/** What a row is about, by the first word of its name: one test for each, since 20,000 tests take their runner longer than the rows take. */
const subjects = new Map<string, Row[]>();
for (const row of rows) {
  const [subject] = row.name.split(/[ (:,]/, 1) as [string];
  subjects.set(subject, [...(subjects.get(subject) ?? []), row]);
}

describeEachBackend('bad input', () => {
  beforeAll(() => {
    untouched = null;
  });
  it.each([...subjects])('%s', (_, group) => {
    const failures: string[] = [];
    for (const row of group) {
      try {
        tryRow(row);
      } catch (error) {
        failures.push(`${row.name}: ${(error as Error).message}`);
      }
    }
    expect(failures.join('\n')).toBe('');
  });
});
