/** The program as a person calls it: exit codes and messages. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { DocumentError, parseDocument } from '../../bench/report/read.js';
import { resultDocument, resultRow } from './documents.js';

const folder = mkdtempSync(join(tmpdir(), 'lanewise-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

const program = fileURLToPath(new URL('../../bench/compare/main.ts', import.meta.url));

function compare(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', program, ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function file(name: string, medianMs: number, hour: number): string {
  const { run } = resultDocument();
  const roundMediansMs = [medianMs, medianMs * 1.01, medianMs * 0.99];
  const rows = Array.from({ length: 12 }, (_, i) => resultRow({ shape: `${i}`, medianMs, roundMediansMs }));
  const document = resultDocument({ rows, run: { ...run, startedAt: `2026-11-23T0${hour}:00:00.000Z` } });
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(document));
  return path;
}

describe('bench:compare', () => {
  const [a, a2, slow] = [file('a.json', 1, 1), file('a2.json', 1.01, 2), file('slow.json', 1.3, 3)];

  it('ends with 1 when something is slower, and with 0 when nothing is', () => {
    expect(compare(a, slow, '--again', a2)).toMatchObject({ status: 1, stdout: expect.stringContaining('12 slower') });
    expect(compare(slow, a2, '--again', a)).toMatchObject({ status: 0, stdout: expect.stringContaining('0 slower') });
  });

  it('ends with 2 and a sentence for what it cannot read', () => {
    expect(compare(a, join(folder, 'none.json'))).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/^cannot read .*none\.json/),
    });
  });
});

describe('parseDocument', () => {
  const json = (value: unknown) => () => parseDocument(JSON.stringify(value), 'x.json');

  it('gives back what the benchmark wrote', () => {
    const document = resultDocument({ rows: [resultRow({ point: { name: 'width', value: 64 } })] });
    expect(json(document)()).toEqual(document);
  });

  it('says what is wrong with anything else', () => {
    expect(() => parseDocument('{', 'x.json')).toThrow(/^x\.json is no JSON/);
    expect(json([])).toThrow('x.json is no document that the benchmark wrote: it has no version');
    expect(json({ ...resultDocument(), version: 7 })).toThrow('x.json has version 7, this benchmark reads 1');
    const { machine: _, ...rest } = resultDocument();
    expect(json(rest)).toThrow(DocumentError);
    expect(json(rest)).toThrow('at machine');
    expect(json(resultDocument({ rows: [resultRow({ medianMs: -1 })] }))).toThrow('rows[0].medianMs');
  });
});
