#include "shuffle_job.h"

#include <cstddef>
#include <span>
#include <stdexcept>
#include <utility>

namespace lanewise::program {
namespace {

// A swap in memory beyond the caches takes up to about ten nanoseconds.
constexpr std::size_t kSliceSteps = std::size_t{1} << 19;

std::span<std::int32_t> integers_of(DeviceBuffer& buffer) {
  if (buffer.dtype() != ops::DType::kInt32 || buffer.layout()) {
    throw std::invalid_argument("order must be of int32 in plain order");
  }
  return {reinterpret_cast<std::int32_t*>(buffer.data()), buffer.length()};
}

}  // namespace

ShuffleJob::ShuffleJob(std::shared_ptr<DeviceBuffer> order, std::uint64_t seed)
    : Job(0), order_(std::move(order)), permutation_(seed, integers_of(*order_)) {}

bool ShuffleJob::run(core::ThreadPool&) {
  if (permutation_.advance(kSliceSteps)) return true;
  count_run({});
  return false;
}

}  // namespace lanewise::program
