import { describe, expect, it } from 'vitest';
import { stepFlops } from '../../bench/mlp.js';
import { filesOf } from '../../bench/page/files.js';
import { readOptions } from '../../bench/page/options.js';
import { renderPage } from '../../bench/page/page.js';
import type { BenchDocument, Row } from '../../bench/report/document.js';
import { resultDocument, resultRow } from './documents.js';

const network = '784-256-128-10';

const step = (contender: string, batch: number, medianMs: number, over: Partial<Row> = {}) =>
  resultRow({
    ...{ case: 'mlp-train-step', contender, shape: network, batch, optimizer: 'SGD', threads: 2, medianMs },
    ...{ isa: contender.startsWith('native') ? 'avx2' : null, gflops: stepFlops(batch) / (medianMs * 1e6) },
    ...over,
  });
const swept = (value: number, gflops: number) =>
  step('native-compiled', 128, 1, { case: 'sweep-width', shape: `w${value}`, gflops, point: { name: 'width', value } });

/** A little of everything. */
const document: BenchDocument = resultDocument({
  contenders: [
    {
      ...{ id: 'pytorch', isa: null, versions: { torch: '2.13.0' }, threads: 2, threadSource: 'its own' },
      notes: ['subnormal numbers are flushed'],
    },
  ],
  absent: [{ id: 'jax', why: 'the Python of --python has no jax' }],
  failures: ['forward: tensorflow: out of memory'],
  peaks: [{ isa: 'avx2', threads: 2, median: 205.1, lowest: 180, highest: 207 }],
  rows: [
    step('native-compiled', 32, 0.25, { percentOfPeak: 58, p5PercentOfPeak: 85 }),
    step('native-compiled', 128, 1, { percentOfPeak: 65, p5PercentOfPeak: 90 }),
    step('native-compiled', 128, 1.9, { threads: 1, percentOfPeak: 68, p5PercentOfPeak: 92 }),
    step('native', 128, 2),
    step('pytorch', 32, 1.75),
    step('pytorch', 128, 3.5),
    step('pytorch', 128, 1.2, { optimizer: 'Adam' }),
    step('reference', 128, 104, { threads: 1 }),
    resultRow({ shape: '128x256x784 nt', batch: 128, gflops: 90, percentOfPeak: 87.4 }),
    resultRow({ case: 'dropout', shape: '128x256', medianMs: 0.0055 }),
    resultRow({ case: 'dropout', shape: 'copy of 128x256', medianMs: 0.003 }),
    resultRow({ case: 'dropout', shape: '128x256', contender: 'pytorch', medianMs: 0.51 }),
    resultRow({ case: 'relu', shape: '128x256', medianMs: 0.012 }),
    resultRow({ case: 'forward', contender: 'native-compiled', shape: network, batch: 1, medianMs: 0.0175 }),
    resultRow({ case: 'import', contender: 'node+lanewise', isa: null, medianMs: 95 }),
    swept(64, 60),
    swept(128, 90),
    swept(256, 63),
  ],
  figures: [{ case: 'service', what: 'event-loop delay', value: 4.8, unit: ' ms', target: 5, bound: 'most' }],
  targets: [
    { what: 'over PyTorch', value: 3.5, unit: 'x', target: 3.5, bound: 'least', reached: true },
    { what: 'over a copy', value: 1.83, unit: 'x', target: 1.5, bound: 'most', reached: false },
  ],
});

/** The text of a page, tables with a bar between cells. */
const words = (html: string) =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, '')
    .replace(/<svg[\s\S]*?<\/svg>/g, '')
    .replace(/<\/t[hd]>/g, ' | ')
    .replace(/<\/tr>/g, '\n')
    .replace(/<[^>]+>/g, '');
const page = renderPage(document);
const text = words(page);
/** The words in a drawing. */
const labels = (svg: string) => [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map((match) => match[1]);
const files = filesOf(document, null);
const chart = (id: string) => files.find(({ name }) => name === `${id}.svg`)!.text;

describe('the page', () => {
  it('needs nothing beside itself', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed)\b|@import|url\((?!#)/);
    for (const [, value] of page.matchAll(/\b(?:src|href|xlink:href)="([^"]*)"/g)) expect(value).toMatch(/^#/);
    for (const [found] of page.matchAll(/https?:\/\/[^"'\s<]*/g)) expect(found).toMatch(/^http:\/\/www\.w3\.org\//);
  });

  it('has every row with its figures', () => {
    for (const { medianMs } of document.rows) expect(medianMs).toBeGreaterThan(0);
    expect(text).toContain(
      'lanewise, compiled | 784-256-128-10 | 32 | SGD | 2 | 0.250 | 0.225 | 0.237 to 0.275 | 50 |',
    );
    const [, all = ''] = text.split('All rows of mlp-train-step');
    expect(all.match(/ \| 50 \| /g)).toHaveLength(document.rows.length);
    for (const name of ['import', 'relu', 'dropout', 'gemm', 'forward', 'sweep-width'])
      expect(text).toContain(`All rows of ${name}`);
  });

  it('says in short what was reached, with what others take', () => {
    expect(text).toContain('batch | time | % of peak | best 5 % | PyTorch | \n');
    expect(text).toContain('32 | 0.250 ms | 58 | 85 | 7.0× | ');
    expect(text).toContain('128 | 1.00 ms | 65 | 90 | 3.5× | ');
  });

  it('tells targets, studies, machine, who took part and who did not', () => {
    expect(text).toContain('1 of 2 targets are reached in this run.');
    expect(text).toContain('over a copy | 1.83x | ≤ 1.5x | short | ');
    expect(text).toContain('event-loop delay | service | 4.80 ms | ≤ 5 ms | ');
    expect(text).toContain('FMA peak, avx2, 2 threads | 205.1 GFLOP/s (180.0 to 207.0 over the run) | ');
    expect(text).toContain('PyTorch | pytorch | torch 2.13.0 | 2 (its own) | subnormal numbers are flushed | ');
    expect(text).toContain('JAX, jit | the Python of --python has no jax | ');
    expect(text).toContain('forward: tensorflow: out of memory');
    expect(text).toContain('npm run bench -- --json results.json');
  });

  it('says of each drawing what it shows, and of each table what it holds', () => {
    const drawings = [...page.matchAll(/<div role="img" aria-label="([^"]+)"><svg /g)];
    expect(drawings).toHaveLength(page.match(/<svg /g)!.length);
    expect(drawings).toHaveLength(files.length - 1);
    expect(drawings.map((match) => match[1])).toContainEqual(
      expect.stringContaining('Training step, SGD, batch 128: lanewise, compiled 1.00 ms; lanewise, eager 2.00 ms'),
    );
    expect(page.match(/<caption>/g)).toHaveLength(page.match(/<table>/g)!.length);
  });

  it('links to parts that are there, and gives no id twice', () => {
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(8);
    expect(ids).toEqual(expect.arrayContaining(links));
  });

  it('shows markup in names as it was written', () => {
    const odd = '<script>alert("1") & more</script>';
    const html = renderPage(
      resultDocument({
        machine: { ...document.machine, cpu: odd },
        absent: [{ id: odd, why: odd }],
        failures: [odd],
        rows: [step(odd, 32, 1), step('native-compiled', 32, 1), resultRow({ case: odd, shape: odd })],
      }),
    );
    expect(html).not.toMatch(/<script/);
    expect(html).toContain('&lt;script');
  });

  const only = (over: Partial<BenchDocument>): BenchDocument => resultDocument(over);
  it.each<[string, BenchDocument, string[]]>([
    ['nothing at all', only({}), ['Conditions']],
    ['studies only', only({ figures: document.figures }), ['Studies', 'Conditions']],
    ['peers only', only({ rows: [step('pytorch', 32, 2)] }), ['A training step', 'Conditions', 'All rows']],
    ['one point of a sweep', only({ rows: [swept(64, 60)] }), ['How it grows', 'Conditions', 'All rows']],
    [
      'one thread',
      only({ rows: [step('native', 32, 1, { threads: 1 })] }),
      ['A training step', 'Conditions', 'All rows'],
    ],
    ['cases unknown here', only({ rows: [resultRow({ case: 'new' })] }), ['Conditions', 'All rows']],
    [
      'no shape, batch or peak',
      only({ rows: ['gemm', 'dropout', 'forward', 'mlp-train-step'].map((name) => resultRow({ case: name })) }),
      ['Dropout and ReLU', 'Conditions', 'All rows'],
    ],
  ])('is made of %s', (_name, of, titles) => {
    const html = renderPage(of);
    expect([...html.matchAll(/<h2>([^<]*)</g)].map((match) => match[1])).toEqual(titles);
    expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/);
  });

  it('warns of a quick run, and of one that was stopped', () => {
    expect(renderPage({ ...document, run: { ...document.run, quick: true } })).toContain('not to be quoted');
    expect(renderPage({ ...document, run: { ...document.run, interrupted: true } })).toContain(
      'Stopped before its end',
    );
    expect(page).not.toMatch(/not to be quoted|Stopped before/);
  });
});

describe('the charts', () => {
  it('are files that stand by themselves', () => {
    for (const { name, text: svg } of files.slice(1)) {
      expect(name).toMatch(/^[a-z0-9-]+\.svg$/);
      expect(svg).toMatch(/^<svg role="img" [^>]*><title>[^<]+<\/title>/);
      expect(svg).not.toMatch(/NaN|undefined|var\(|<style|class=/);
    }
    expect(files[0]?.name).toBe('index.html');
    expect(files.map(({ name }) => name)).toContain('sweep-width.svg');
  });

  it('begin bars at zero and keep their proportions', () => {
    const bars = [...chart('training-sgd-all-threads').matchAll(/<path d="M([1-9][\d.]*) [\d.]+l([\d.]+) 0l0 /g)];
    // Batch 32: compiled and PyTorch; batch 128: compiled, eager, PyTorch. The reference is far beyond the axis.
    const [compiled32, pytorch32, compiled, eager, pytorch] = bars.map((match) => Number(match[2])) as number[];
    expect(bars).toHaveLength(5);
    expect(pytorch32! / compiled32!).toBeCloseTo(7, 1);
    expect(eager! / compiled!).toBeCloseTo(2, 1);
    expect(pytorch! / compiled!).toBeCloseTo(3.5, 1);
    expect(new Set(bars.map((match) => match[1])).size).toBe(2);
  });

  it('write what would be far longer than the rest, and say what was not measured', () => {
    const written = labels(chart('training-sgd-all-threads'));
    expect(written).toContain('104 ms, 1 thread: far beyond this axis →');
    expect(written.filter((label) => label === 'not measured')).toHaveLength(2);
  });

  it('show ratios to the compiled step, and its share of the peak', () => {
    expect(chart('ratio-sgd')).toContain(
      'batch 128: lanewise, eager 2.0 times; PyTorch 3.5 times; lanewise, pure TS 104.0 times.',
    );
    expect(labels(chart('training-percent-of-peak'))).toEqual(expect.arrayContaining(['58 %', '65 %', '68 %', '100']));
  });

  it('name the largest step down of a sweep', () => {
    expect(text).toContain('lanewise, compiled falls most from 128 to 256, by 30.0 %');
    expect(labels(chart('sweep-width'))).toEqual(expect.arrayContaining(['64', '128', '256', 'GFLOP/s']));
  });

  it('are the same from call to call', () => {
    expect(filesOf(document, 'sweep-width')[0]?.text).toBe(chart('sweep-width'));
  });

  it('can be had one by one', () => {
    expect(filesOf(document, 'ratio-sgd').map(({ name }) => name)).toEqual(['ratio-sgd.svg']);
    expect(() => filesOf(document, 'nothing')).toThrow(
      "these results give no 'nothing', but: training-sgd-all-threads",
    );
  });
});

describe('readOptions', () => {
  it('reads what is asked for', () => {
    expect(readOptions(['r.json'])).toEqual({ results: 'r.json', out: 'bench-report', chart: null });
    expect(readOptions(['r.json', '--out', 'o', '--chart', 'c'])).toEqual({ results: 'r.json', out: 'o', chart: 'c' });
    expect(readOptions(['-h'])).toBeNull();
  });

  it.each([
    [[], 'expected one file, results.json, got 0'],
    [['a', 'b'], 'got 2'],
    [['a', '--out', ''], '--out must not be empty'],
    [['a', '--wide'], '--wide'],
  ])('refuses %j', (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
