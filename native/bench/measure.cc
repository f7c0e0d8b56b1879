#include "measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>

#include "fma_peak.h"

namespace lanewise::bench {
namespace {

using Clock = std::chrono::steady_clock;

// A sample is as many calls as take this long: long against the clock's own 30 ns, short against the milliseconds for
// which a shared core slows down.
constexpr double kSampleSeconds = 50e-6;
constexpr double kWarmUpSeconds = 1e-3;
constexpr double kPeakTurnSeconds = 5e-3;
// Workers of OpenBLAS spin for up to 2^26 cycles after a call, those of libgomp for less: without a pause they would
// take the processor from the next contender.
constexpr auto kPause = std::chrono::milliseconds(40);

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double time_calls(const std::function<void()>& run, std::size_t calls) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < calls; ++i) run();
  return since(start) / static_cast<double>(calls);
}

std::size_t calls_for(double seconds, double one_call) {
  return static_cast<std::size_t>(std::ceil(seconds / std::max(one_call, 1e-9)));
}

void turn(const std::function<void()>& run, const Pace& pace, std::size_t threads, Timing& timing) {
  if (threads > 1) std::this_thread::sleep_for(kPause);
  double one = time_calls(run, 1);
  for (const auto start = Clock::now(); since(start) < kWarmUpSeconds;) one = time_calls(run, 1);
  const std::size_t calls = calls_for(kSampleSeconds, one);
  std::vector<double> samples;
  for (const auto start = Clock::now(); samples.size() < 3 || since(start) < pace.turn_seconds;) {
    samples.push_back(time_calls(run, calls));
  }
  timing.seconds.insert(timing.seconds.end(), samples.begin(), samples.end());
  timing.round_seconds.push_back(quantile(std::move(samples), 0.5));
}

struct Expected {
  std::vector<double> sums, sizes;  // Σ a·b and Σ |a·b|

  explicit Expected(const Operands& o) : sums(o.c.size()), sizes(o.c.size()) {
    const Shape& s = o.shape;
    for (std::size_t i = 0; i < s.m; ++i) {
      for (std::size_t p = 0; p < s.k; ++p) {
        const double a = o.a.data()[s.trans_a ? p * s.m + i : i * s.k + p];
        for (std::size_t j = 0; j < s.n; ++j) {
          const double product = a * o.b.data()[s.trans_b ? j * s.k + p : p * s.n + j];
          sums[i * s.n + j] += product;
          sizes[i * s.n + j] += std::fabs(product);
        }
      }
    }
  }
};

double error_of(const Contender& contender, Operands& o, const Expected& expected) {
  std::fill_n(o.c.data(), o.c.size(), std::numeric_limits<float>::quiet_NaN());
  contender.product();
  double worst = 0;
  for (std::size_t i = 0; i < o.c.size(); ++i) {
    const double error = std::fabs(o.c.data()[i] - expected.sums[i]) / expected.sizes[i];
    worst = error <= worst ? worst : error;  // a NaN stays
    if (std::isnan(error)) break;
  }
  // Sums of floats in any order are off by at most k rounding errors; a wrong element is off by far more.
  if (!(worst <= 1e-6 * std::sqrt(static_cast<double>(o.shape.k)))) {
    throw std::runtime_error(contender.name + " is wrong for " + o.shape.name() + ": relative error " +
                             std::to_string(worst));
  }
  return worst;
}

}  // namespace

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const double at = q * static_cast<double>(values.size() - 1);
  const std::size_t below = static_cast<std::size_t>(at);
  const double low = values[below], high = values[std::min(below + 1, values.size() - 1)];
  return low + (at - static_cast<double>(below)) * (high - low);
}

double Timing::at(double q) const { return quantile(seconds, q); }

Measurement measure(const kernels::KernelTable& kernels, Operands& operands, std::size_t threads, const Pace& pace,
                    const std::function<bool()>& stop) {
  Measurement result{operands.shape, threads, 0, lanewise(kernels, operands, threads), {}, 0};
  const auto join = [&](std::vector<Contender> others) {
    for (Contender& other : others) result.contenders.push_back(std::move(other));
  };
#if defined(LANEWISE_BENCH_OPENBLAS)
  join(openblas(operands, threads));
#endif
#if defined(LANEWISE_BENCH_ONEDNN)
  join(onednn(operands, threads));
#endif
  const Expected expected(operands);
  for (const Contender& contender : result.contenders) {
    result.worst_error = std::max(result.worst_error, error_of(contender, operands, expected));
  }
  result.timings.resize(result.contenders.size());
  std::vector<std::size_t> order(result.contenders.size());
  std::iota(order.begin(), order.end(), 0);
  std::minstd_rand random(1);
  const FmaChains& chains = *find_fma_chains(kernels.name);
  for (std::size_t round = 0; round < pace.rounds && !stop(); ++round) {
    std::ranges::shuffle(order, random);
    for (const std::size_t i : order) turn(result.contenders[i].run, pace, threads, result.timings[i]);
    if (threads > 1) std::this_thread::sleep_for(kPause);
    result.peak_gflops = std::max(result.peak_gflops, fma_peak(chains, threads, kPeakTurnSeconds));
  }
  return result;
}

}  // namespace lanewise::bench
