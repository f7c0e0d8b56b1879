#include "overlap.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace lanewise::distributed {

struct Overlap::Pending : Task {
  const float* key = nullptr;  // where its first `out` lies
};

namespace {

// Where the first array that is not empty lies; null when there is none: then nothing is sent.
const float* key_of(std::span<const std::span<float>> arrays) {
  const auto found = std::find_if(arrays.begin(), arrays.end(), [](const auto& array) { return !array.empty(); });
  return found == arrays.end() ? nullptr : found->data();
}

}  // namespace

void Overlap::start(std::span<const std::span<const float>> x, std::span<const std::span<float>> out, double divisor) {
  const float* const key = key_of(out);
  if (key == nullptr) return;
  auto pending = std::make_shared<Pending>();
  pending->key = key;
  Task& task = *pending;
  task.by_waiter = by_waiter_;
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
  group_.submit(pending);
  pending_.push_back(std::move(pending));
}

auto Overlap::find(std::span<const std::span<float>> out) const -> Started::const_iterator {
  const float* const key = key_of(out);
  return std::find_if(pending_.begin(), pending_.end(), [&](const auto& each) { return each->key == key; });
}

bool Overlap::is_there(std::span<const std::span<float>> out) const {
  const auto found = find(out);
  return found == pending_.end() || (*found)->is_over.load(std::memory_order_acquire);
}

void Overlap::wait(std::span<const std::span<float>> out) {
  if (key_of(out) == nullptr) return;
  const auto found = find(out);
  if (found == pending_.end()) throw std::invalid_argument("allReduceWait: nothing has been started there");
  const std::shared_ptr<Pending> pending = *found;
  group_.finish(*pending);
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
  auto task = std::make_shared<Task>();
  task->by_waiter = by_waiter_;
  task->what.kind = Kind::kProgram;
  task->what.count = hash;
  group_.submit(task);
  group_.finish(*task);
  if (task->failure != nullptr) std::rethrow_exception(task->failure);
}

Overlap::~Overlap() {
  for (const auto& pending : pending_) group_.finish(*pending);
}

}  // namespace lanewise::distributed
