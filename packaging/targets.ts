/** The platforms that the package brings a binary for, and what zig calls them. */

export interface Target {
  /** The folder in prebuilds/: `process.platform`, `process.arch`, and `-musl` where that is the C library. */
  readonly name: string;
  /** For `zig c++ -target`; behind the C library, or the system, the oldest version that will do. */
  readonly triple: string;
  readonly format: 'elf' | 'mach-o' | 'pe';
}

export const targets: readonly Target[] = [
  { name: 'linux-x64', triple: 'x86_64-linux-gnu.2.17', format: 'elf' },
  { name: 'linux-arm64', triple: 'aarch64-linux-gnu.2.17', format: 'elf' },
  { name: 'linux-x64-musl', triple: 'x86_64-linux-musl', format: 'elf' },
  { name: 'linux-arm64-musl', triple: 'aarch64-linux-musl', format: 'elf' },
  { name: 'win32-x64', triple: 'x86_64-windows-gnu', format: 'pe' },
  { name: 'darwin-arm64', triple: 'aarch64-macos.11.0', format: 'mach-o' },
  { name: 'darwin-x64', triple: 'x86_64-macos.11.0', format: 'mach-o' },
];
