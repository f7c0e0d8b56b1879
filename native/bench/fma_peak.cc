#include "fma_peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "../core/cpu.h"
#include "../core/thread_pool.h"
#include "../kernels/generic/macros.h"
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#elif defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>
#endif

namespace lanewise::kernels::scalar {
#include "../kernels/isa/scalar/vec.h"
#include "fma_chains-inl.h"
}  // namespace lanewise::kernels::scalar

// What each vocabulary says of tiles, which are not used here.
#undef LANEWISE_GEMM_TILES
#undef LANEWISE_CONV_TILES
#undef LANEWISE_CONV_PIXELS
#undef LANEWISE_CONV_ROUND
#if defined(__x86_64__) || defined(_M_X64)
LANEWISE_TARGET_BEGIN("avx2,fma")
namespace lanewise::kernels::avx2 {
#include "../kernels/isa/avx2/vec.h"
#include "fma_chains-inl.h"
}  // namespace lanewise::kernels::avx2
LANEWISE_TARGET_END

#undef LANEWISE_GEMM_TILES
#undef LANEWISE_CONV_TILES
#undef LANEWISE_CONV_PIXELS
#undef LANEWISE_CONV_ROUND
#undef LANEWISE_TILE_ROWS
#undef LANEWISE_TILE_ROUND
LANEWISE_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")
namespace lanewise::kernels::avx512 {
#include "../kernels/isa/avx512/vec.h"
#include "fma_chains-inl.h"
}  // namespace lanewise::kernels::avx512
LANEWISE_TARGET_END
#elif defined(__aarch64__) || defined(_M_ARM64)
namespace lanewise::kernels::neon {
#include "../kernels/isa/neon/vec.h"
#include "fma_chains-inl.h"
}  // namespace lanewise::kernels::neon
#endif

namespace lanewise::bench {
namespace {

using Clock = std::chrono::steady_clock;

// Of a run: long against starting it, short against the moments when a shared core slows down.
constexpr double kRunSeconds = 1e-3;

constexpr FmaChains kChains[] = {
#define ISA(name) {#name, kernels::name::fma_chains, kernels::name::kFmaChainFlops},
#include "../kernels/isas.inc"
#undef ISA
};

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

const FmaChains* find_fma_chains(std::string_view isa) {
  const auto found = std::ranges::find(kChains, isa, [](const FmaChains& chains) { return chains.isa; });
  return found != std::end(kChains) && core::can_run(isa) ? found : nullptr;
}

double fma_peak(const FmaChains& chains, std::size_t threads, double seconds) {
  std::size_t rounds = 1 << 10;
  double best = 0;
  for (const auto start = Clock::now(); best == 0 || since(start) < seconds;) {
    const auto begin = Clock::now();
    core::ThreadPool::instance().run(threads, [&](std::size_t) {
      float sum = 0;  // written by the chains, so that their work cannot be left out
      chains.run(rounds, &sum);
    });
    const double taken = since(begin);
    if (taken < kRunSeconds / 2) {
      rounds *= 2;
    } else {
      best = std::max(best, chains.flops * static_cast<double>(rounds * threads) / taken / 1e9);
    }
  }
  return best;
}

}  // namespace lanewise::bench
