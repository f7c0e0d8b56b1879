/** native/test/asan-reports.mjs and tsan-reports.mjs: what of a sanitizer's log counts as a fault of lanewise. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-asan-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function judge(log: string, tool = 'asan'): { status: number | null; last: string | undefined } {
  const file = join(folder, `${tool}.1`);
  writeFileSync(file, log);
  const { status, stdout } = spawnSync(process.execPath, [`native/test/${tool}-reports.mjs`, file], {
    encoding: 'utf8',
  });
  return { status, last: stdout.trim().split('\n').at(-1) };
}

const refused = '==71==WARNING: AddressSanitizer failed to allocate 0x800000000000 bytes\n';
const overflow = '==71==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602\n    #0 0x1 in f a.cc:1\n';
const leak = (from: string) =>
  `==71==ERROR: LeakSanitizer: detected memory leaks\n\nDirect leak of 8 byte(s) in 1 object(s) allocated from:\n` +
  `    #0 0x1 in operator new(unsigned long) (/usr/lib/libasan.so.8+0xb9)\n    #1 0x2 in make ${from}\n\n` +
  `SUMMARY: AddressSanitizer: 8 byte(s) leaked in 1 allocation(s).\n`;

it.each<[what: string, log: string, status: number, last: string]>([
  ['an empty log', '', 0, '0 reports about lanewise, 0 leaks of others'],
  ['refused allocations', refused + refused, 0, '0 reports about lanewise, 0 leaks of others'],
  ['an error', overflow, 1, '1 reports about lanewise, 0 leaks of others'],
  ['an error after a refused allocation', refused + overflow, 1, '1 reports about lanewise, 0 leaks of others'],
  ['another warning', refused.replace('to allocate', 'to unmap'), 1, '1 reports about lanewise, 0 leaks of others'],
  ['a leak of lanewise', leak('/x/native/core/a.cc:3'), 1, '1 reports about lanewise, 0 leaks of others'],
  ['a leak of others', refused + leak('(/usr/bin/node+0x3)'), 0, '0 reports about lanewise, 1 leaks of others'],
])('%s', (_what, log, status, last) => {
  expect(judge(log)).toEqual({ status, last: `AddressSanitizer: ${last}` });
});

const race = (own: string, other: string) =>
  `${'='.repeat(18)}\nWARNING: ThreadSanitizer: data race (pid=7)\n  Write of size 8 at 0x7b04 by thread T33:\n` +
  `    #0 ${own} (libtsan.so+0x5)\n    #1 <null> <null> (lanewise.node+0xc)\n\n` +
  `  Previous write of size 8 at 0x7b04 by thread T18:\n    #0 ${other} (libtsan.so+0x3)\n    #1 uv_loop (node+0x18)\n\n` +
  `SUMMARY: ThreadSanitizer: data race (lanewise.node+0xc) \n${'='.repeat(18)}\n`;

it.each<[what: string, log: string, status: number, last: string]>([
  ['an empty log', '', 0, '0 reports about lanewise, 0 about others'],
  ['a race of lanewise', race('memcpy a.inc:1', 'memcpy a.inc:1'), 1, '1 reports about lanewise, 0 about others'],
  [
    'a descriptor used again',
    race('fopen a.inc:6', 'epoll_create1 b.cpp:1'),
    0,
    '0 reports about lanewise, 1 about others',
  ],
  ['a descriptor and memory', race('fopen a.inc:6', 'memcpy a.inc:1'), 1, '1 reports about lanewise, 0 about others'],
])('threads: %s', (_what, log, status, last) => {
  expect(judge(log, 'tsan')).toEqual({ status, last: `ThreadSanitizer: ${last}` });
});
