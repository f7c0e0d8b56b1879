#include "program_job.h"

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "../ops/context.h"

namespace lanewise::program {
namespace {

constexpr std::size_t kElementBytes = DeviceBuffer::kElementBytes;

core::AlignedBuffer<std::byte> copy_of(std::span<const std::byte> from) {
  core::AlignedBuffer<std::byte> copy(from.size());
  if (!from.empty()) std::memcpy(copy.data(), from.data(), from.size());
  return copy;
}

double read_element(const std::byte* data, ops::DType dtype) {
  if (dtype == ops::DType::kInt32) {
    std::int32_t value;
    std::memcpy(&value, data, sizeof(value));
    return value;
  }
  float value;
  std::memcpy(&value, data, sizeof(value));
  return value;
}

std::vector<double> sums_of(ProgramJob::Request& request) {
  const std::size_t outputs = request.call.outputs.size();
  if (request.sums.empty()) return std::vector<double>(outputs);
  if (request.sums.size() != outputs) {
    throw std::invalid_argument("expected " + std::to_string(outputs) + " sums, one for each output, got " +
                                std::to_string(request.sums.size()));
  }
  return std::move(request.sums);
}

std::vector<BufferUse> uses_of(const Program& program) {
  std::vector<BufferUse> uses;
  uses.reserve(program.buffers().size());
  for (const std::shared_ptr<DeviceBuffer>& buffer : program.buffers()) uses.emplace_back(buffer);
  return uses;
}

}  // namespace

ProgramJob::ProgramJob(std::shared_ptr<Program> program, Request request)
    : Job(sums_of(request)),
      program_(std::move(program)),
      uses_(uses_of(*program_)),
      call_(std::move(request.call)),
      output_dtypes_(std::move(request.output_dtypes)),
      values_(call_.outputs.size()),
      left_(request.times),
      counter_(request.counter),
      threads_(request.threads) {
  if (counter_ && *counter_ >= call_.dynamic_scalars.size()) {
    throw std::invalid_argument("counter must be one of " + std::to_string(call_.dynamic_scalars.size()) +
                                " dynamic scalars, got " + std::to_string(*counter_));
  }
  program_->check(call_);
  memory_.reserve(call_.inputs.size() + call_.outputs.size());
  for (std::span<const std::byte>& input : call_.inputs) {
    const auto& copy = memory_.emplace_back(copy_of(input));
    input = {copy.data(), copy.size()};
  }
  for (std::span<std::byte>& output : call_.outputs) {
    // With what they hold, since a program need not write to all of them.
    auto& copy = memory_.emplace_back(copy_of(output));
    output = {copy.data(), copy.size()};
  }
}

bool ProgramJob::run(core::ThreadPool& pool) {
  if (left_ == 0) return false;
  program_->run({program_->kernels(), pool, threads_}, call_);
  for (std::size_t i = 0; i < values_.size(); ++i) {
    const std::span<const std::byte> output = call_.outputs[i];
    values_[i] = output.size() == kElementBytes ? read_element(output.data(), output_dtypes_[i]) : 0;
  }
  if (counter_) ++call_.dynamic_scalars[*counter_];
  count_run(values_);
  return --left_ != 0;
}

void ProgramJob::copy_outputs(std::span<const std::span<std::byte>> outputs) const {
  if (outputs.size() != call_.outputs.size()) {
    throw std::invalid_argument("expected " + std::to_string(call_.outputs.size()) + " outputs, got " +
                                std::to_string(outputs.size()));
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::size_t expected = call_.outputs[i].size(), given = outputs[i].size();
    if (given != expected) {
      throw std::invalid_argument("output " + std::to_string(i) + " must have " +
                                  std::to_string(expected / kElementBytes) + " elements, got " +
                                  std::to_string(given / kElementBytes));
    }
  }
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].empty()) std::memcpy(outputs[i].data(), call_.outputs[i].data(), outputs[i].size());
  }
}

}  // namespace lanewise::program
