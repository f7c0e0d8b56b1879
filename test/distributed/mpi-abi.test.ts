/** native/distributed/mpi_abi.h against the headers of MPI libraries, by a compiler, where they are installed. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const multiarch = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;
const header = resolve('native/distributed/mpi_abi.h');

/** The parts of a program that compiles where the numbers are right. */
const common = `
#include <string_view>
#include "${header}"
#include <mpi.h>
#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
using namespace lanewise::distributed::abi;
constexpr bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
static_assert(MPI_SUCCESS == kSuccess && MPI_THREAD_SERIALIZED == kThreadSerialized);
static_assert(MPI_MAX_LIBRARY_VERSION_STRING <= kMaxText && MPI_MAX_ERROR_STRING <= kMaxText);
`;

const openMpi = `${common}
static_assert(has(TEXT(MPI_COMM_WORLD), kOpenMpiWorld) && has(TEXT(MPI_BYTE), kOpenMpiByte));
static_assert(has(TEXT(MPI_ERRORS_RETURN), kOpenMpiErrorsReturn) && has(TEXT(MPI_STATUS_IGNORE), "(0)"));
static_assert(sizeof(MPI_Request) == sizeof(void*) && sizeof(MPI_Comm) == sizeof(void*) && sizeof(MPI_Datatype) == sizeof(void*));
`;

const mpich = `${common}
static_assert(MPI_COMM_WORLD == kMpichWorld && MPI_BYTE == kMpichByte && MPI_ERRORS_RETURN == kMpichErrorsReturn);
static_assert(has(TEXT(MPI_STATUS_IGNORE), "*)1"));
static_assert(sizeof(MPI_Request) == sizeof(int) && sizeof(MPI_Comm) == sizeof(int) && sizeof(MPI_Datatype) == sizeof(int));
`;

function compile(code: string, include: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-abi-'));
  try {
    const file = join(folder, 'abi.cc');
    writeFileSync(file, code);
    const flags = ['-std=c++20', '-fsyntax-only', '-DOMPI_SKIP_MPICXX', '-DMPICH_SKIP_MPICXX', `-I${include}`];
    execFileSync('c++', [...flags, file], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const libraries = [
  ['Open MPI', 'libopenmpi-dev', `${multiarch}/openmpi/include`, openMpi],
  ['MPICH', 'libmpich-dev', `${multiarch.replace('/lib/', '/include/')}/mpich`, mpich],
] as const;

describe.each(libraries)('the constants of %s', (_, debian, include, code) => {
  const isInstalled = existsSync(join(include, 'mpi.h'));

  it.skipIf(!isInstalled)(`are those of its header (needs ${debian})`, () => {
    compile(code, include);
    // And the comparison can fail.
    expect(() => compile(code.replace('kSuccess', 'kSuccess + 1'), include)).toThrow(/static assertion failed/);
  });
});
