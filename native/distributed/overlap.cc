#include "overlap.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <stdexcept>

#include "back_off.h"

namespace lanewise::distributed {

struct Overlap::Pending : Task {
  const float* key = nullptr;  // where its first `out` lies
  std::atomic<bool> is_over{false};
};

namespace {

// Where the first array that is not empty lies; null when there is none: then nothing is sent.
const float* key_of(std::span<const std::span<float>> arrays) {
  const auto found = std::find_if(arrays.begin(), arrays.end(), [](const auto& array) { return !array.empty(); });
  return found == arrays.end() ? nullptr : found->data();
}

}  // namespace

void Overlap::submit(const std::shared_ptr<Pending>& pending) {
  // Holds no share of the task that it is part of: that one would never be freed.
  pending->over = [](Task& task) { static_cast<Pending&>(task).is_over.store(true, std::memory_order_release); };
  group_.submit(pending);
}

void Overlap::finish(const Pending& pending) {
  BackOff back_off;
  while (!pending.is_over.load(std::memory_order_acquire)) back_off.pause();
}

void Overlap::start(std::span<const std::span<const float>> x, std::span<const std::span<float>> out, double divisor) {
  const float* const key = key_of(out);
  if (key == nullptr) return;
  auto pending = std::make_shared<Pending>();
  pending->key = key;
  Task& task = *pending;
  task.what.kind = Kind::kAllReduce;
  task.what.dtype = DType::kFloat32;
  task.what.divisor = divisor;
  for (const auto& array : x) task.what.count += array.size();
  if (x.size() == 1) {
    if (x[0].data() != out[0].data()) std::memcpy(out[0].data(), x[0].data(), x[0].size_bytes());
    task.data = reinterpret_cast<std::byte*>(out[0].data());
  } else {
    task.owned.resize(task.what.count * sizeof(float));
    task.data = task.owned.data();
    std::byte* to = task.data;
    for (const auto& array : x) {
      if (!array.empty()) std::memcpy(to, array.data(), array.size_bytes());
      to += array.size_bytes();
    }
  }
  pending_.reserve(pending_.size() + 1);
  submit(pending);
  pending_.push_back(std::move(pending));
}

void Overlap::wait(std::span<const std::span<float>> out) {
  const float* const key = key_of(out);
  if (key == nullptr) return;
  const auto found = std::find_if(pending_.begin(), pending_.end(), [&](const auto& each) { return each->key == key; });
  if (found == pending_.end()) throw std::invalid_argument("allReduceWait: nothing has been started there");
  const std::shared_ptr<Pending> pending = *found;
  finish(*pending);
  pending_.erase(found);
  if (pending->failure != nullptr) std::rethrow_exception(pending->failure);
  if (out.size() == 1) return;
  const std::byte* from = pending->data;
  for (const auto& array : out) {
    if (!array.empty()) std::memcpy(array.data(), from, array.size_bytes());
    from += array.size_bytes();
  }
}

void Overlap::agree(std::uint64_t hash) {
  auto pending = std::make_shared<Pending>();
  pending->what.kind = Kind::kProgram;
  pending->what.count = hash;
  submit(pending);
  finish(*pending);
  if (pending->failure != nullptr) std::rethrow_exception(pending->failure);
}

Overlap::~Overlap() {
  for (const auto& pending : pending_) finish(*pending);
}

}  // namespace lanewise::distributed
