// What users read when no addon loads: messages of the systems, as they are, and what they are to be told.
import { describe, expect, it } from 'vitest';
import { installation, isMusl, prebuiltFile } from '../../src/ops/addon-files.js';
import { adviceFor, type Failure } from '../../src/ops/load-advice.js';

const base: Failure = {
  tried: [],
  file: 'prebuilds/linux-x64/lanewise.node',
  forced: false,
  installation: {
    kind: 'package',
    root: '/app/node_modules/lanewise/',
    binaries: ['prebuilds/linux-x64/lanewise.node', 'prebuilds/win32-x64/lanewise.node'],
  },
};
const path = '/app/node_modules/lanewise/prebuilds/linux-x64/lanewise.node';
const failing = (error: string, more: Partial<Failure> = {}) =>
  adviceFor({ ...base, tried: [{ path, error }], ...more });

describe('a binary that is there and does not load', () => {
  it.each([
    [`${path}: failed to map segment from shared object`, /noexec/],
    [`${path}: failed to map segment from shared object: Operation not permitted`, /noexec/],
    ['Cannot load native addon because loading addons is disabled.', /--no-addons.*--allow-addons/],
    ['this process may not read it', /--allow-fs-read/],
    ['Access to this API has been restricted. Use --allow-fs-read to manage permissions.', /--allow-fs-read/],
    ['Requires ffi access to "/app/lanewise.node", run again with the --allow-ffi flag', /^Deno .*--allow-ffi/],
    [`/lib/x86_64-linux-gnu/libc.so.6: version \`GLIBC_2.34' not found (required by ${path})`, /glibc 2\.34, newer/],
    [`/usr/lib64/libstdc++.so.6: version \`GLIBCXX_3.4.30' not found (required by ${path})`, /libstdc\+\+/],
    [`${path}: wrong ELF class: ELFCLASS32`, /another processor or system/],
    [`${path}: invalid ELF header`, /another processor or system/],
    [`${path}: cannot open shared object file: No such file or directory`, /another processor or system/],
    [
      `dlopen(${path}, 0x0001): tried: '${path}' (mach-o file, but is an incompatible architecture)`,
      /another processor/,
    ],
    [`\\\\?\\C:\\lanewise.node is not a valid Win32 application.`, /another processor or system/],
    ['Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by lanewise.node)', /musl/],
    ['Error relocating lanewise.node: __fprintf_chk: symbol not found', /musl/],
  ])('%s', (error, expected) => {
    expect(failing(error)).toMatch(expected);
    // It counts wherever it stands, also in a checkout and in a bundle.
    const installation = { kind: 'checkout', root: '/src/', binaries: [] } as const;
    expect(failing(error, { installation: { ...installation, binaries: [] } })).toMatch(expected);
  });
});

describe('no binary', () => {
  const missing = (more: Partial<Failure>) => failing('no such file', more);
  const bundle = { kind: 'bundle', root: '/app/', binaries: [] as string[] } as const;

  it.each<[string, Partial<Failure>, RegExp]>([
    [
      'on a platform without',
      { file: 'prebuilds/freebsd-x64/lanewise.node' },
      /has prebuilds\/linux-x64\/lanewise.node, prebuilds\/win32-x64\/lanewise.node, and not prebuilds\/freebsd-x64/,
    ],
    ['on musl where only glibc is', { file: 'prebuilds/linux-x64/lanewise.musl.node' }, /and not .*lanewise.musl.node/],
    [
      'in a bundle',
      { installation: bundle },
      /bundled.*prebuilds\/linux-x64.*--external:lanewise.*serverExternalPackages/,
    ],
    ['in a checkout', { installation: { ...bundle, kind: 'checkout' } }, /npm run build.*apt-get install/],
    [
      'in a package without prebuilds',
      { installation: { ...bundle, kind: 'package' } },
      /prebuilds\/ is missing in \/app/,
    ],
    ['where LANEWISE_ADDON names none', { forced: true }, /LANEWISE_ADDON/],
  ])('%s', (_where, more, expected) => {
    expect(missing(more)).toMatch(expected);
  });
});

it('knows this process', () => {
  expect([isMusl(), prebuiltFile()]).toEqual([false, `prebuilds/${process.platform}-${process.arch}/lanewise.node`]);
  expect(installation()).toMatchObject({ kind: 'checkout' });
});
