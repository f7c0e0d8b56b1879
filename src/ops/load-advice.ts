/** What a user can do about an addon that was not loaded: a sentence for each cause. */
import { installation, prebuiltFile } from './addon-files.js';

/** What is known of a failure. */
export interface Failure {
  /** The files that were tried, and why each failed. */
  readonly tried: readonly { readonly path: string; readonly error: string }[];
  /** The binary of this platform, in a package. */
  readonly file: string;
  /** The file was named by LANEWISE_ADDON. */
  readonly forced: boolean;
  readonly installation: ReturnType<typeof installation>;
}

/** Messages of dynamic linkers and runtimes, and what they ask for. The first that fits one of the errors counts. */
const causes: readonly (readonly [RegExp, string | ((found: RegExpMatchArray) => string)])[] = [
  [
    /may not read it|Requires read access|ERR_ACCESS_DENIED|Access to this API has been restricted/i,
    "This process may not read the binary: allow it, in Node with --allow-addons and --allow-fs-read for lanewise's folder, in Deno with --allow-read and --allow-ffi.",
  ],
  [/Requires ffi access|--allow-ffi/i, 'Deno loads native addons only with --allow-ffi: add that, or --allow-all.'],
  [
    /loading addons is disabled|ERR_DLOPEN_DISABLED/i,
    'This Node refuses native addons: leave out --no-addons; under the permission model add --allow-addons.',
  ],
  [
    /failed to map segment/i,
    'The folder of the binary is on a file system mounted noexec: install lanewise elsewhere, mount without noexec, or copy the binary and set LANEWISE_ADDON to the copy.',
  ],
  [
    /version [`']GLIBC_([\d.]+)' not found/,
    ([, version]) =>
      `The binary was built against glibc ${version}, newer than the one here: use the binary of the published package, which needs 2.17, or build on this system.`,
  ],
  [
    /version [`'](?:GLIBCXX|CXXABI)_[\d.]+' not found/,
    'The binary was built against a newer libstdc++ than the one here: use the binary of the published package, which needs none, or build on this system.',
  ],
  [
    /wrong ELF class|invalid ELF header|incompatible architecture|not a valid Win32 application|cannot open shared object file: No such file|Exec format error|invalid machine|e_machine|slice is not valid mach-o/i,
    'The binary is of another processor or system: install lanewise on the machine that runs it (node_modules copied from another one, or into an image of another platform, does not do).',
  ],
  [
    /ld-linux|libc\.so\.6|Error loading shared library|Error relocating|symbol not found/i,
    'The binary is linked to another C library (glibc, or the musl of Alpine): install lanewise where it runs, so that prebuilds/ has the one of this system.',
  ],
];

/** A sentence or two that say what this user can do. */
export function adviceFor(failure: Failure): string {
  const { file, forced, installation } = failure;
  for (const [pattern, advice] of causes)
    for (const { error } of failure.tried) {
      const found = error.match(pattern);
      if (found !== null) return typeof advice === 'string' ? advice : advice(found);
    }
  if (forced) return 'LANEWISE_ADDON names that file: correct or unset it.';
  switch (installation.kind) {
    case 'checkout':
      return "Build it with 'npm run build' (needs a C++20 compiler, Python 3 and make; Debian: apt-get install g++ python3 make).";
    case 'bundle':
      return (
        `lanewise has been bundled without its binary: put ${file} of the package next to the bundle, under ` +
        'that name; or leave lanewise out of the bundle (esbuild --external:lanewise, externals of webpack, external of rollup, ssr.external ' +
        'of Vite, serverExternalPackages of Next.js).'
      );
    case 'package':
      if (installation.binaries.includes(file)) return '';
      if (installation.binaries.length === 0)
        return `prebuilds/ is missing in ${installation.root}: install lanewise again, or include that folder where files are picked for an image or archive.`;
      return `This package has ${installation.binaries.join(', ')}, and not ${file}.`;
  }
}

/** The advice for what {@link loadAddon} has tried in this process. */
export function advice(tried: Failure['tried'], forced: boolean): string {
  return adviceFor({
    tried,
    forced,
    file: prebuiltFile(),
    installation: installation(),
  });
}
