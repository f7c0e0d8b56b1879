// Interleaved timing: in every round each contender has a turn, in another order each time.
#pragma once

#include <cstddef>
#include <vector>

#include "contender.h"

namespace lanewise::bench {

struct Pace {
  std::size_t rounds;
  double turn_seconds;  // of samples, after a warm-up
};

struct Timing {
  std::vector<double> seconds;        // of one call, all samples
  std::vector<double> round_seconds;  // the medians of the rounds

  double at(double quantile) const;
  double median() const { return at(0.5); }
};

struct Measurement {
  Shape shape;
  std::size_t threads;
  double peak_gflops;  // the best that multiply-adds in registers reached, between these turns or others of the run
  std::vector<Contender> contenders;
  std::vector<Timing> timings;
  double worst_error;  // of any contender, relative to the size of what is added up
};

// Linear between neighbours, as numpy does it. NaN for no values.
double quantile(std::vector<double> values, double q);

// Compares all contenders with sums in double precision, then times them. Throws std::runtime_error naming a contender
// that is wrong. Stops early, with what it has, once stop() says so.
Measurement measure(const kernels::KernelTable& kernels, Operands& operands, std::size_t threads, const Pace& pace,
                    const std::function<bool()>& stop);

}  // namespace lanewise::bench
