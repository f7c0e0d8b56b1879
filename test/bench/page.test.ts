import { describe, expect, it } from 'vitest';
import { chartsOf, renderPage } from '../../bench/page/page.js';
import type { Row } from '../../bench/results/document.js';
import { resultDocument, resultRow } from './fixtures.js';

const network = { shape: '784-256-128-10', optimizer: 'SGD', threads: 2 };
const step = (contender: string, batch: number, medianMs: number, over: Partial<Row> = {}) =>
  resultRow({ ...network, case: 'mlp-train-step', contender, batch, medianMs, isa: null, ...over });
const swept = (value: number, gflops: number) =>
  step('native-compiled', 128, 1, { case: 'sweep-width', shape: `w${value}`, gflops, point: { name: 'width', value } });

/** A little of everything. */
const document = resultDocument({
  absent: [{ id: 'jax', why: 'the Python of --python has no jax' }],
  failures: ['forward: tensorflow: out of memory'],
  rows: [
    step('native-compiled', 32, 0.25, { percentOfPeak: 58, isa: 'avx2' }),
    step('native-compiled', 32, 0.9, { percentOfPeak: 9, isa: 'scalar' }),
    step('native-compiled', 128, 1, { percentOfPeak: 65, isa: 'avx2' }),
    step('native-compiled', 128, 1.9, { threads: 1, percentOfPeak: 68, isa: 'avx2' }),
    ...[step('pytorch', 32, 1.75), step('pytorch', 128, 3.5), step('reference', 128, 104, { threads: 1 })],
    resultRow({ case: 'dropout', shape: '128x256', medianMs: 0.0055 }),
    resultRow({ case: 'dropout', shape: 'copy of 128x256', medianMs: 0.003 }),
    ...[swept(128, 90), swept(64, 60), swept(256, 63)],
  ],
  figures: [{ case: 'service', what: 'event-loop delay', value: 4.8, unit: ' ms' }],
});
const page = renderPage(document);
const charts = new Map(chartsOf(document).map((chart) => [chart.id, chart.svg]));
/** The words in a drawing, and where the dots of each colour stand along an axis. */
const labels = (id: string) => [...charts.get(id)!.matchAll(/<text[^>]*>([^<]+)<\/text>/g)].map((match) => match[1]!);
const dots = (id: string, axis: 'cx' | 'cy', colour = '') =>
  [...charts.get(id)!.matchAll(new RegExp(`<circle (?=[^>]*${colour})[^>]*\\b${axis}="([^"]*)"`, 'g'))].map((match) =>
    Number(match[1]),
  );

describe('the page', () => {
  it('needs nothing but itself, and links to parts that are there', () => {
    expect(page).not.toMatch(/<(script|link|img|iframe)\b|@import|NaN|undefined|\[object/);
    for (const [found] of page.matchAll(/https?:\/\/[^"'\s<]*/g)) expect(found).toMatch(/^http:\/\/www\.w3\.org\//);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
    expect(links).toEqual(['training', 'growth', 'parts', 'conditions', 'results']);
    expect(ids).toEqual(expect.arrayContaining([...links, ...charts.keys()]));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has every row, and the conditions', () => {
    const text = page.replaceAll(/ +/g, ' ');
    expect(text.match(/^(<pre.*>case.*\n)?(mlp-train-step|dropout|sweep-width) /gm)).toHaveLength(document.rows.length);
    for (const part of ['AMD EPYC', 'jax the Python of', 'not measured: forward: tensorflow', 'delay 4.80 ms'])
      expect(text).toContain(part);
    expect(text).toContain('npm run bench -- --json results.json');
  });

  it('shows markup in names as it was written', () => {
    const odd = '<script>alert("1") & more</script>';
    const rows = [step(odd, 32, 1), step('native-compiled', 32, 1), resultRow({ case: odd, shape: odd })];
    const machine = { ...document.machine, cpu: odd };
    const html = renderPage(resultDocument({ machine, rows, absent: [{ id: odd, why: odd }], failures: [odd] }));
    expect(html).not.toMatch(/<script/);
    expect(html).toContain('&lt;script&gt;alert(&quot;1&quot;) &amp; more');
  });

  it('has the parts that there are rows for, and warns of a quick run and of one that was stopped', () => {
    const titles = (html: string) => [...html.matchAll(/<h2>([^<]*)</g)].map((match) => match[1]);
    expect(titles(renderPage(resultDocument()))).toEqual(['Conditions', 'Everything that was measured']);
    const rows = [step('native', 32, 1, { threads: 1 }), resultRow({ case: 'new' })];
    expect(titles(renderPage(resultDocument({ rows })))[0]).toBe('A training step');
    const run = { ...document.run, quick: true, interrupted: true };
    expect(renderPage({ ...document, run })).toMatch(/not to be quoted\. Stopped before its end/);
    expect(page).not.toMatch(/not to be quoted|Stopped before/);
  });
});

describe('the charts', () => {
  it('stand by themselves, and are the same from call to call', () => {
    for (const svg of charts.values())
      expect(svg).toMatch(/^<svg (?=[^>]*role="img")(?=[^>]*xmlns=)[^>]*aria-label="[^"]+"/);
    expect([...charts.values()].join()).not.toMatch(/NaN|undefined/);
    expect(chartsOf(document).map(({ svg }) => svg)).toEqual([...charts.values()]);
  });

  it('place times on a logarithmic axis, each contender on its most threads and fastest instruction set', () => {
    const id = 'training-sgd-all-threads';
    expect(labels(id)).toEqual(expect.arrayContaining(['batch 32', '0.250', '1.75', '1.00', '3.50', '104', 'PyTorch']));
    expect(labels(id)).not.toContain('1.90');
    const [reference] = dots(id, 'cx', '#6b7480') as [number];
    const [compiled32, compiled] = dots(id, 'cx', '#0a5ca8') as [number, number];
    const [torch32, torch] = dots(id, 'cx', '#b84a00') as [number, number];
    const decade = (reference - compiled) / Math.log10(104);
    expect((torch32 - compiled32) / decade).toBeCloseTo(Math.log10(7), 2);
    expect((torch - compiled) / decade).toBeCloseTo(Math.log10(3.5), 2);
  });

  it('draw speeds from zero, in the order of growth', () => {
    expect(labels('sweep-width').filter((label) => /^(64|128|256)$/.test(label))).toEqual(['64', '128', '256']);
    const [first, second, third] = dots('sweep-width', 'cy') as [number, number, number];
    expect((first - second) / (third - second)).toBeCloseTo((90 - 60) / (90 - 63), 2);
    expect(labels('training-percent-of-peak')).toEqual(expect.arrayContaining(['58', '65', '68', '0', '2 threads']));
    expect(labels('dropout')).toEqual(expect.arrayContaining(['lanewise, eager: copy', '0.00300', '128x256']));
  });
});
