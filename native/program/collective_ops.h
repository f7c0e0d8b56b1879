// Sums over the ranks of a job, as ops of programs (src/ops/ops.ts). Without a process group a rank is alone.
#pragma once

#include <cstdint>
#include <memory>

#include "../ops/context.h"
#include "../ops/ops.h"

namespace lanewise::distributed {
class Overlap;
}

namespace lanewise::program {

// Each out is x summed over the ranks and divided.
void allReduce(const ops::Context&, ops::Elementwise<ops::FloatIns> x, ops::Elementwise<ops::FloatOuts> out,
               double divisor);
// The same in two halves: `out` is not to be touched between them, `x` may be.
void allReduceStart(const ops::Context&, ops::Elementwise<ops::FloatIns> x, ops::Elementwise<ops::FloatOuts> out,
                    double divisor);
// The product of matrices, whose rows are summed in as many parts, each begun when it is there; in one where a rank has
// no core to spare for what travels.
void allReduceMatmulStart(const ops::Context&, ops::FloatIn a, ops::FloatIn b, ops::FloatOut out, std::size_t m,
                          std::size_t n, std::size_t k, bool transA, bool transB, std::size_t parts, double divisor);
void allReduceWait(const ops::Context&, ops::FloatOuts out);

// What ranks find out before the first run of a program.
struct Agreed {
  bool is_known = false;
  // Whether sums travel while it computes, on every rank.
  bool overlaps = false;
};

// The collectives of one run on this thread; they are over when it ends, however it does. `hash` is the program's.
// Throws Disagreement when another rank runs another program.
class CollectiveRun {
 public:
  CollectiveRun(const ops::Context& context, std::uint64_t hash, Agreed& agreed);
  ~CollectiveRun();
  // Whether there are other ranks, so that a program of that environment with collectives has to have one. In another
  // environment than that of the process group a rank is alone.
  static bool is_needed(const void* environment) noexcept;
  // Whether there is one, on any thread.
  static bool is_under_way() noexcept;

  CollectiveRun(const CollectiveRun&) = delete;
  CollectiveRun& operator=(const CollectiveRun&) = delete;

 private:
  std::unique_ptr<distributed::Overlap> overlap_;
};

}  // namespace lanewise::program
