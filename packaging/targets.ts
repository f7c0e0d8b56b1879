/** The platforms that the package brings a binary for, WebAssembly for all others, and what zig calls them. */

export interface Target {
  /** `process.platform`, `process.arch`, and `-musl` where that is the C library; or `wasm`. */
  readonly name: string;
  /** In prebuilds/, as src/ops/addon-files.ts looks for it. */
  readonly file: string;
  /** For `zig c++ -target`; behind the C library, or the system, the oldest version that will do. */
  readonly triple: string;
  readonly format: 'elf' | 'mach-o' | 'pe' | 'wasm';
}

const of = (name: string, triple: string, format: Target['format']): Target => {
  const musl = name.endsWith('-musl');
  return { name, triple, format, file: `${name.replace('-musl', '')}/lanewise${musl ? '.musl' : ''}.node` };
};

export const targets: readonly Target[] = [
  of('linux-x64', 'x86_64-linux-gnu.2.17', 'elf'),
  of('linux-arm64', 'aarch64-linux-gnu.2.17', 'elf'),
  of('linux-x64-musl', 'x86_64-linux-musl', 'elf'),
  of('linux-arm64-musl', 'aarch64-linux-musl', 'elf'),
  of('win32-x64', 'x86_64-windows-gnu', 'pe'),
  of('darwin-arm64', 'aarch64-macos.11.0', 'mach-o'),
  of('darwin-x64', 'x86_64-macos.11.0', 'mach-o'),
  { name: 'wasm', triple: 'wasm32-wasi', format: 'wasm', file: 'wasm/lanewise.wasm' },
];
