/**
 * The files of zig's libc++ and libc++abi that the addon needs, a fourth of them. zig has them as sources and would compile all for each
 * target, which takes as long as the addon, to link what is asked for.
 *
 * Some must not be as zig would build them. On Linux it gives libc++abi thread-local memory of the kind that only fits into the little room a
 * process keeps for libraries that are loaded late, and has it call a function that glibc 2.17 lacks, instead of asking whether it is there.
 * The last words of a program that is terminated name types as in the source, by a parser of mangled names that is a twentieth of the addon.
 *
 * Without functional.cpp: all it has is a class of <functional> that each file which uses it defines too, and the linker for Windows takes no two.
 *
 * A file that is missing fails the link on Windows, and floors.ts elsewhere.
 */
import { join } from 'node:path';
import type { Target } from './targets.js';

const words = (text: string) => text.trim().split(/\s+/);

const library = {
  all: words('algorithm memory stdexcept string variant'),
  native: words(`chrono condition_variable condition_variable_destructor exception future hash mutex mutex_destructor
    new optional random system_error thread vector verbose_abort`),
  windows: words('support/win32/support support/win32/thread_win32'),
};
const abi = {
  all: words(`abort_message cxa_default_handlers cxa_handlers cxa_virtual private_typeinfo stdlib_exception
    stdlib_new_delete stdlib_stdexcept stdlib_typeinfo`),
  native: words(`cxa_aux_runtime cxa_exception cxa_exception_storage cxa_guard cxa_personality cxa_vector
    fallback_malloc`),
  elf: words('cxa_thread_atexit'),
};

/** As zig compiles them, but for what the head of this file says. */
const flags = words(`-std=c++20 -O3 -g0 -DNDEBUG -fvisibility=hidden -fvisibility-inlines-hidden -faligned-allocation
  -ffunction-sections -fdata-sections -Wno-user-defined-literals -D_LIBCPP_BUILDING_LIBRARY
  -D_LIBCPP_HAS_NO_PRAGMA_SYSTEM_HEADER -DLIBCXX_BUILDING_LIBCXXABI -D_LIBCPP_DISABLE_NEW_DELETE_DEFINITIONS`);
const abiFlags = words(`-D_LIBCXXABI_BUILDING_LIBRARY -D_LIBCPP_DISABLE_EXTERN_TEMPLATE
  -D_LIBCPP_ENABLE_CXX17_REMOVED_UNEXPECTED_FUNCTIONS -DLIBCXXABI_SILENT_TERMINATE`);
/** WebAssembly has no threads here, and zig has these libraries for it without exceptions: native/wasm/exceptions.cc. */
const wasmFlags = words('-fno-exceptions -D_LIBCPP_HAS_NO_THREADS -D_LIBCXXABI_HAS_NO_THREADS');

/** Sources of libc++ that define again what others, or the headers of others, define: each is compiled by itself. */
const alone = new Set(
  words(`condition_variable_destructor memory mutex_destructor system_error
  support/win32/support support/win32/thread_win32`),
);

export interface LibraryUnit {
  readonly name: string;
  /** What is compiled as one translation unit, under zig's lib. */
  readonly sources: readonly string[];
  readonly flags: readonly string[];
}

/** @param lib zig's lib */
export function libraryUnits({ format, name }: Target, lib: string): LibraryUnit[] {
  const isWasm = format === 'wasm';
  const own = [
    ...(isWasm ? wasmFlags : []),
    ...(format === 'elf' ? ['-DHAS_THREAD_LOCAL'] : []),
    // random.cpp defines it, and what stands before it has read the header by then.
    ...(format === 'pe' ? ['-D_CRT_RAND_S='] : []),
    ...(name.endsWith('-musl') ? ['-D_LIBCPP_HAS_MUSL_LIBC'] : []),
  ];
  const include = ['libcxxabi/include', 'libcxx/src'].map((folder) => `-I${join(lib, folder)}`);
  const of = (folder: string, names: readonly string[], more: readonly string[]): LibraryUnit[] => {
    const unit = (name: string, members: readonly string[]) => ({
      name: `${folder}-${name.replaceAll('/', '-')}`,
      sources: members.map((each) => `${folder}/src/${each}.cpp`),
      flags: [...flags, ...own, ...more, ...include],
    });
    const together = names.filter((each) => !alone.has(each));
    return [unit('most', together), ...names.filter((each) => alone.has(each)).map((each) => unit(each, [each]))];
  };
  return [
    ...of(
      'libcxx',
      [...library.all, ...(isWasm ? [] : library.native), ...(format === 'pe' ? library.windows : [])],
      [],
    ),
    ...of(
      'libcxxabi',
      [...abi.all, ...(isWasm ? [] : abi.native), ...(format === 'elf' ? abi.elf : [])],
      [...abiFlags, `-I${join(lib, 'libcxxabi/src')}`],
    ),
  ];
}
