#include "collective_ops.h"

#include <algorithm>
#include <atomic>
#include <span>

#include "../ops/check.h"
#include "lane.h"

#if defined(__wasm__)
// A process of WebAssembly is alone.
namespace lanewise::distributed {
class Overlap {
 public:
  void start(ops::FloatIns, ops::FloatOuts, double) {}
  bool is_there(ops::FloatOuts) const { return true; }
  bool is_empty() const { return true; }
  void wait(ops::FloatOuts) {}
};
}  // namespace lanewise::distributed
#else
#include "../distributed/overlap.h"
#endif

namespace lanewise::program {
namespace {

thread_local distributed::Overlap* current = nullptr;  // of the run on this thread
thread_local bool splits = false;                      // whether that one begins sums in parts
std::atomic<bool> under_way{false};

void check_lengths(const char* op, ops::FloatIns x, ops::FloatOuts out) {
  if (x.size() != out.size()) ops::refuse(op, "out", "must have as many arrays as x");
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i].size() != out[i].size()) ops::refuse(op, "out", "must have arrays of the lengths of those of x");
  }
}

// A rank that is alone.
void copy_divided(ops::FloatIns x, ops::FloatOuts out, double divisor) {
  const auto by = static_cast<float>(divisor);
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t j = 0; j < x[i].size(); ++j) out[i][j] = divisor == 1 ? x[i][j] : x[i][j] / by;
  }
}

}  // namespace

void allReduceStart(const ops::Context&, ops::Elementwise<ops::FloatIns> x, ops::Elementwise<ops::FloatOuts> out,
                    double divisor) {
  check_lengths("allReduce", x, out);
  if (current == nullptr) return copy_divided(x, out, divisor);
  current->start(x, out, divisor);
}

void allReduceMatmulStart(const ops::Context& context, ops::FloatIn a, ops::FloatIn b, ops::FloatOut out, std::size_t m,
                          std::size_t n, std::size_t k, bool transA, bool transB, std::size_t parts, double divisor) {
  if (parts == 0) ops::refuse("allReduceMatmulStart", "parts", "must be at least 1");
  // Whole rows of a product's tiles.
  constexpr std::size_t kRows = 16;
  const std::size_t split = current == nullptr || splits ? parts : 1;
  const std::size_t rows = std::max<std::size_t>(1, (m / split + (m % split != 0) + kRows - 1) / kRows) * kRows;
  for (std::size_t first = 0; first == 0 || first < m; first += rows) {
    const std::size_t count = std::min(rows, m - first);
    ops::matmul_rows(context, a, b, out, first, count, m, n, k, transA, transB);
    const ops::FloatOut part = out.subspan(first * n, count * n);
    const ops::FloatIn sent = part;
    const std::span<const ops::FloatIn> x(&sent, 1);
    const std::span<const ops::FloatOut> sums(&part, 1);
    if (current == nullptr) {
      copy_divided(x, sums, divisor);
    } else {
      current->start(x, sums, divisor);
    }
  }
}

void allReduceWait(const ops::Context&, ops::FloatOuts out) {
  if (current == nullptr) return;
  if (current->is_there(out)) return current->wait(out);
  const Away away;
  current->wait(out);
}

void allReduce(const ops::Context& context, ops::Elementwise<ops::FloatIns> x, ops::Elementwise<ops::FloatOuts> out,
               double divisor) {
  allReduceStart(context, x, out, divisor);
  allReduceWait(context, out);
}

CollectiveRun::CollectiveRun([[maybe_unused]] const ops::Context& context, [[maybe_unused]] std::uint64_t hash,
                             [[maybe_unused]] Agreed& agreed) {
#if !defined(__wasm__)
  distributed::Group* const group = distributed::Group::current();
  if (group == nullptr) return;
  overlap_ = std::make_unique<distributed::Overlap>(*group, context.threads);
  under_way.store(true, std::memory_order_release);
  if (!agreed.is_known) {
    const Away away;
    try {
      agreed.overlaps = overlap_->agree(hash);
      agreed.is_known = true;
    } catch (...) {
      under_way.store(false, std::memory_order_release);
      throw;
    }
  }
  current = overlap_.get();
  splits = agreed.overlaps;
#endif
}

CollectiveRun::~CollectiveRun() {
  if (overlap_ == nullptr) return;
  current = nullptr;
  if (overlap_->is_empty()) {
    overlap_.reset();
  } else {
    const Away away;  // a run that has failed waits for what it has begun
    overlap_.reset();
  }
  under_way.store(false, std::memory_order_release);
}

bool CollectiveRun::is_needed([[maybe_unused]] const void* environment) noexcept {
#if defined(__wasm__)
  return false;
#else
  const distributed::Group* const group = distributed::Group::current();
  return group != nullptr && group->environment() == environment;
#endif
}

bool CollectiveRun::is_under_way() noexcept { return under_way.load(std::memory_order_acquire); }

}  // namespace lanewise::program
