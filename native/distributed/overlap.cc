#include "overlap.h"

#include <algorithm>
#include <cstring>
#include <functional>
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

bool lies_in(const float* key, std::span<const std::span<float>> arrays) {
  const std::less<const float*> before;
  return std::any_of(arrays.begin(), arrays.end(), [&](const auto& array) {
    return !array.empty() && !before(key, array.data()) && before(key, array.data() + array.size());
  });
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

auto Overlap::find(std::span<const std::span<float>> out) const -> const std::shared_ptr<Pending>* {
  const auto found =
      std::find_if(pending_.begin(), pending_.end(), [&](const auto& each) { return lies_in(each->key, out); });
  return found == pending_.end() ? nullptr : &*found;
}

bool Overlap::is_there(std::span<const std::span<float>> out) const {
  return std::all_of(pending_.begin(), pending_.end(), [&](const auto& each) {
    return !lies_in(each->key, out) || each->is_over.load(std::memory_order_acquire);
  });
}

void Overlap::wait(std::span<const std::span<float>> out) {
  if (key_of(out) == nullptr) return;
  if (find(out) == nullptr) throw std::invalid_argument("allReduceWait: nothing has been started there");
  while (const std::shared_ptr<Pending>* const next = find(out)) wait_for(*next, out);
}

void Overlap::wait_for(std::shared_ptr<Pending> pending, std::span<const std::span<float>> out) {
  group_.finish(*pending);
  std::erase(pending_, pending);
  if (pending->failure != nullptr) std::rethrow_exception(pending->failure);
  if (out.size() == 1) return;
  const std::byte* from = pending->data;
  for (const auto& array : out) {
    if (!array.empty()) std::memcpy(array.data(), from, array.size_bytes());
    from += array.size_bytes();
  }
}

bool Overlap::agree(std::uint64_t hash) {
  auto task = std::make_shared<Task>();
  task->by_waiter = by_waiter_;
  task->what.kind = Kind::kProgram;
  task->what.count = hash;
  group_.submit(task);
  auto question = std::make_shared<Task>();
  std::int32_t overlaps = by_waiter_ ? 0 : 1;
  question->by_waiter = by_waiter_;
  question->what.kind = Kind::kAllReduce;
  question->what.dtype = DType::kInt32;
  question->what.op = ReduceOp::kMin;
  question->what.count = 1;
  question->owned.resize(sizeof overlaps);
  std::memcpy(question->owned.data(), &overlaps, sizeof overlaps);
  question->data = question->owned.data();
  group_.submit(question);
  group_.finish(*task);
  group_.finish(*question);
  if (task->failure != nullptr) std::rethrow_exception(task->failure);
  if (question->failure != nullptr) std::rethrow_exception(question->failure);
  std::memcpy(&overlaps, question->data, sizeof overlaps);
  return overlaps != 0;
}

Overlap::~Overlap() {
  for (const auto& pending : pending_) group_.finish(*pending);
}

}  // namespace lanewise::distributed
