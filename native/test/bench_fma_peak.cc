// bench/fma_peak.h: the chains compute, and the peak is a number of the right size.
#include "../bench/fma_peak.h"

#include <string_view>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

TEST_CASE("fma_chains counts what it does") {
  on_each_isa([](const KernelTable& table) {
#if defined(LANEWISE_EMULATE_AVX512)
    if (std::string_view(table.name) == "avx512") return;  // the chains are real instructions
#endif
    const bench::FmaChains* const chains = bench::find_fma_chains(table.name);
    REQUIRE(chains != nullptr);
    float none = 0.0f, some = 0.0f;
    chains->run(0, &none);
    chains->run(1000, &some);
    CHECK(none == 66.0f);  // 0 + 1 + ... + 11
    CHECK(some != none);
    CHECK(std::isfinite(some));
    CHECK(chains->flops >= 24.0);
    CHECK(bench::fma_peak(*chains, 2, 0.005) > 0);
  });
  CHECK(bench::find_fma_chains("sse9") == nullptr);
}

}  // namespace
}  // namespace lanewise::test
