#include "graph.h"

#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "../core/checked.h"
#include "number.h"

namespace lanewise::program {
namespace {

constexpr std::size_t kAlignment = core::kCacheLine / DeviceBuffer::kElementBytes;

// Checks one value. Messages name it.
class ValueReader {
 public:
  ValueReader(const FlatGraph& graph, const kernels::KernelTable& kernels,
              std::span<const std::shared_ptr<DeviceBuffer>> buffers)
      : graph_(graph), kernels_(kernels), buffers_(buffers) {}

  ValueSpec read(std::size_t id) {
    id_ = id;
    const std::span<const double> numbers = graph_.values.subspan(id * kValueNumbers, kValueNumbers);
    const std::size_t dtype = size(numbers[0], "dtype"), kind = size(numbers[2], "kind");
    if (dtype > 1) refuse("dtype must be float32 or int32");
    if (kind > static_cast<std::size_t>(ValueKind::kOutput)) refuse("unknown kind");
    if (numbers[3] == -1 && kind == 0) refuse("has no offset in the arena: the graph is not planned");
    ValueSpec spec{dtype == 0 ? ops::DType::kFloat32 : ops::DType::kInt32, size(numbers[1], "length"),
                   static_cast<ValueKind>(kind), size(numbers[3], "index"), std::nullopt};
    if (numbers[4] != -1 || numbers[5] != -1) {
      spec.layout = Panels{size(numbers[4], "panels"), size(numbers[5], "panels"), kernels_.gemm_nr};
    }
    check(spec);
    return spec;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::invalid_argument("program: value " + std::to_string(id_) + ": " + what);
  }

  std::size_t size(double value, const char* name) const {
    if (const auto read = to_size(value)) return *read;
    refuse(std::string(name) + " must be a non-negative safe integer, got " + std::to_string(value));
  }

  void check(const ValueSpec& spec) {
    if (spec.length > kMaxLength) refuse("too long");
    if (spec.kind == ValueKind::kTemporary) return check_temporary(spec);
    // Twice the same array would be two values that alias.
    if (!seen_.emplace(spec.kind, spec.index).second) refuse("another value is bound to the same array");
    if (spec.index >= kMaxArrays) refuse("index too large");
    if (spec.kind == ValueKind::kState) return check_state(spec);
    if (spec.layout) refuse("only state lies in panels");
  }

  void check_temporary(const ValueSpec& spec) const {
    if (spec.layout) refuse("only state lies in panels");
    if (spec.index % kAlignment != 0) refuse("offset in the arena must be a multiple of 64 bytes");
    if (spec.index > graph_.arena || spec.length > graph_.arena - spec.index) refuse("reaches beyond the arena");
  }

  void check_state(const ValueSpec& spec) {
    if (spec.index >= buffers_.size()) refuse("there is no buffer " + std::to_string(spec.index));
    const DeviceBuffer* buffer = buffers_[spec.index].get();
    if (buffer->dtype() != spec.dtype || buffer->length() != spec.length)
      refuse("its buffer has another dtype or length");
    if (spec.layout) {
      if (spec.dtype != ops::DType::kFloat32) refuse("only float32 lies in panels");
      if (core::checked_mul(spec.layout->out, spec.layout->in) != spec.length) refuse("panels of another length");
    }
    const auto [known, added] = layouts_.emplace(buffer, spec.layout);
    if (!added && known->second != spec.layout) refuse("the same buffer is wanted in two layouts");
  }

  // Bytes and offsets of any value fit into a size with room to spare.
  static constexpr std::size_t kMaxLength = std::numeric_limits<std::size_t>::max() / 16;

  const FlatGraph& graph_;
  const kernels::KernelTable& kernels_;
  std::span<const std::shared_ptr<DeviceBuffer>> buffers_;
  std::set<std::pair<ValueKind, std::size_t>> seen_;
  std::map<const DeviceBuffer*, BufferLayout> layouts_;
  std::size_t id_ = 0;
};

}  // namespace

std::vector<ValueSpec> decode_values(const FlatGraph& graph, const kernels::KernelTable& kernels,
                                     std::span<const std::shared_ptr<DeviceBuffer>> buffers) {
  if (graph.values.size() % kValueNumbers != 0) {
    throw std::invalid_argument("program: values are not " + std::to_string(kValueNumbers) + " numbers each");
  }
  for (const std::shared_ptr<DeviceBuffer>& buffer : buffers) {
    if (buffer == nullptr) throw std::invalid_argument("program: a buffer is missing");
  }
  ValueReader reader(graph, kernels, buffers);
  std::vector<ValueSpec> values;
  for (std::size_t id = 0; id < graph.values.size() / kValueNumbers; ++id) values.push_back(reader.read(id));
  return values;
}

}  // namespace lanewise::program
