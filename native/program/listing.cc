#include "listing.h"

#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

#include "../core/checked.h"
#include "number.h"

namespace lanewise::program {
namespace {

constexpr std::size_t kAlignment = core::kCacheLine / Block::kElementBytes;

// Checks one memory. Messages name it.
class MemoryReader {
 public:
  MemoryReader(const FlatListing& listing, const kernels::KernelTable& kernels,
               std::span<const std::shared_ptr<Block>> blocks)
      : listing_(listing), kernels_(kernels), blocks_(blocks) {}

  MemorySpec read(std::size_t id) {
    id_ = id;
    const std::span<const double> numbers = listing_.memories.subspan(id * kMemoryNumbers, kMemoryNumbers);
    const std::size_t dtype = size(numbers[0], "dtype"), kind = size(numbers[2], "kind");
    if (dtype > 1) refuse("dtype must be float32 or int32");
    if (kind > static_cast<std::size_t>(MemoryKind::kOutput)) refuse("unknown kind");
    if (numbers[3] == -1 && kind == 0) refuse("has no place in the arena: the listing is not planned");
    MemorySpec spec{dtype == 0 ? ops::DType::kFloat32 : ops::DType::kInt32, size(numbers[1], "length"),
                    static_cast<MemoryKind>(kind), size(numbers[3], "index"), std::nullopt};
    if (numbers[4] != -1 || numbers[5] != -1) {
      spec.layout = Panels{size(numbers[4], "panels"), size(numbers[5], "panels"), kernels_.gemm_nr};
    }
    check(spec);
    return spec;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw std::invalid_argument("program: memory " + std::to_string(id_) + ": " + what);
  }

  std::size_t size(double value, const char* name) const {
    if (const auto read = to_size(value)) return *read;
    refuse(std::string(name) + " must be a non-negative safe integer, got " + std::to_string(value));
  }

  void check(const MemorySpec& spec) {
    if (spec.length > kMaxLength) refuse("too long");
    if (spec.kind == MemoryKind::kTemporary) return check_temporary(spec);
    // Twice the same array would be two memories that alias.
    if (!seen_.emplace(spec.kind, spec.index).second) refuse("another memory is bound to the same array");
    if (spec.index >= kMaxArrays) refuse("index too large");
    if (spec.kind == MemoryKind::kState) return check_state(spec);
    if (spec.layout) refuse("only state lies in panels");
  }

  void check_temporary(const MemorySpec& spec) const {
    if (spec.layout) refuse("only state lies in panels");
    if (spec.index % kAlignment != 0) refuse("offset in the arena must be a multiple of 64 bytes");
    if (spec.index > listing_.arena || spec.length > listing_.arena - spec.index) refuse("reaches beyond the arena");
  }

  void check_state(const MemorySpec& spec) {
    if (spec.index >= blocks_.size()) refuse("there is no block " + std::to_string(spec.index));
    const Block* block = blocks_[spec.index].get();
    if (block->dtype() != spec.dtype || block->length() != spec.length) refuse("its block has another dtype or length");
    if (spec.layout) {
      if (spec.dtype != ops::DType::kFloat32) refuse("only float32 lies in panels");
      if (core::checked_mul(spec.layout->out, spec.layout->in) != spec.length) refuse("panels of another length");
    }
    const auto [known, added] = layouts_.emplace(block, spec.layout);
    if (!added && known->second != spec.layout) refuse("the same block is wanted in two layouts");
  }

  // Bytes and offsets of any memory fit into a size with room to spare.
  static constexpr std::size_t kMaxLength = std::size_t{1} << 53;

  const FlatListing& listing_;
  const kernels::KernelTable& kernels_;
  std::span<const std::shared_ptr<Block>> blocks_;
  std::set<std::pair<MemoryKind, std::size_t>> seen_;
  std::map<const Block*, BlockLayout> layouts_;
  std::size_t id_ = 0;
};

}  // namespace

std::vector<MemorySpec> decode_memories(const FlatListing& listing, const kernels::KernelTable& kernels,
                                        std::span<const std::shared_ptr<Block>> blocks) {
  if (listing.memories.size() % kMemoryNumbers != 0) {
    throw std::invalid_argument("program: memories are not " + std::to_string(kMemoryNumbers) + " numbers each");
  }
  for (const std::shared_ptr<Block>& block : blocks) {
    if (block == nullptr) throw std::invalid_argument("program: a block is missing");
  }
  MemoryReader reader(listing, kernels, blocks);
  std::vector<MemorySpec> memories;
  for (std::size_t id = 0; id < listing.memories.size() / kMemoryNumbers; ++id) memories.push_back(reader.read(id));
  return memories;
}

}  // namespace lanewise::program
