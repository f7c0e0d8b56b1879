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
void allReduceWait(const ops::Context&, ops::FloatOuts out);

// The collectives of one run on this thread; they are over when it ends, however it does. `hash`: of a program that
// ranks have not compared yet, else null. Throws Disagreement when another rank runs another program.
class CollectiveRun {
 public:
  CollectiveRun(const ops::Context& context, const std::uint64_t* hash);
  ~CollectiveRun();
  // Whether there are other ranks, so that a program with collectives has to have one.
  static bool is_needed() noexcept;
  // Whether there is one, on any thread.
  static bool is_under_way() noexcept;

  CollectiveRun(const CollectiveRun&) = delete;
  CollectiveRun& operator=(const CollectiveRun&) = delete;

 private:
  std::unique_ptr<distributed::Overlap> overlap_;
};

}  // namespace lanewise::program
