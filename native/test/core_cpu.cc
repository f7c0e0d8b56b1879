// core/cpu.h against what the operating system says of the same processor.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "../core/cpu.h"

namespace lanewise::core {
namespace {

#if defined(__x86_64__)
TEST_CASE("the detected features are those of /proc/cpuinfo") {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string flags;
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("flags")) {
      flags = line + ' ';
      break;
    }
  }
  if (flags.empty()) return;
  const auto has = [&](const std::string& name) { return flags.find(' ' + name + ' ') != std::string::npos; };
  CHECK(cpu_features().avx2_fma == (has("avx2") && has("fma")));
#if defined(LANEWISE_EMULATE_AVX512)
  CHECK(cpu_features().avx512 == cpu_features().avx2_fma);
#else
  CHECK(cpu_features().avx512 == (has("avx512f") && has("avx512bw") && has("avx512vl") && has("avx512dq")));
#endif
  CHECK_FALSE(cpu_features().neon);
}
#elif defined(__aarch64__)
TEST_CASE("AArch64 always has NEON and nothing of x86") {
  CHECK(cpu_features().neon);
  CHECK_FALSE(cpu_features().avx2_fma);
  CHECK_FALSE(cpu_features().avx512);
}
#endif

TEST_CASE("AVX-512 is never claimed without AVX2") {
  CHECK((!cpu_features().avx512 || cpu_features().avx2_fma));
  CHECK(&cpu_features() == &cpu_features());
}

}  // namespace
}  // namespace lanewise::core
