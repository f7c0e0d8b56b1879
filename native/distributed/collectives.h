// Collectives over messages between ranks. All ranks call the same ones in the same order, with the same sizes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "exchange.h"
#include "reduction.h"

namespace lanewise::distributed {

// Memory that a collective needs for its time; kept, since it is as large as the messages are.
using Scratch = std::vector<std::byte>;

// The most that one message carries: larger arrays go in several. (MPI counts in int, and messages of several
// megabytes take longer than these one after the other on a slow network.)
inline constexpr std::size_t kMessageBytes = std::size_t{1} << 20;

// Reduces `parts` arrays of `count` numbers on each rank, one behind the other in `data`, to the first of them, on all
// ranks. The leaves of the tree of reduce_leaves are the parts of rank 0, of rank 1 and so on: the result depends on
// ranks times parts and on nothing else. Overwrites the other parts.
//
// Large arrays are cut in a slice for each rank, which reduces it and hands it round: each rank sends 2 (P - 1) / P
// times the array, as a ring does. Where that is no less than the array itself (two ranks), or the array is so small
// that a round costs more than its bytes, every rank sends it whole, and all reduce it.
void all_reduce(Exchange& exchange, Scratch& scratch, const Reduction& reduction, std::byte* data, std::size_t count,
                std::size_t parts);

// The same for one array of size() times `count` numbers on each rank, of which rank r gets the r-th `count`, in
// `output`.
void reduce_scatter(Exchange& exchange, Scratch& scratch, const Reduction& reduction, std::byte* data,
                    std::byte* output, std::size_t count);

// Every rank gets the `bytes` of rank 0, then those of rank 1 and so on.
void all_gather(Exchange& exchange, const std::byte* data, std::byte* output, std::size_t bytes);

// Every rank gets those of rank `root`.
void broadcast(Exchange& exchange, std::byte* data, std::size_t bytes, int root);

enum class Kind : std::uint32_t { kBarrier, kAllReduce, kReduceScatter, kAllGather, kBroadcast, kProgram, kFinalize };

// What a rank is about to do, as it tells the others.
struct Agreement {
  Kind kind = Kind::kBarrier;
  DType dtype = DType::kByte;
  ReduceOp op = ReduceOp::kSum;
  std::uint16_t root = 0;
  std::uint64_t sequence = 0;  // the number of the collective, from 1
  std::uint64_t count = 0;     // of numbers; of a program its hash
  std::uint64_t parts = 1;
  double divisor = 1;

  bool operator==(const Agreement&) const = default;
  std::string text() const;
};

// Ranks are about to do different things.
class Disagreement : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Tells the other ranks what this one is about to do. The exchange's next wait throws Disagreement, on each rank, when
// they are not about to do the same: the messages of the collective travel meanwhile. `all` is kept until then.
void agree(Exchange& exchange, std::vector<Agreement>& all, const Agreement& own);

}  // namespace lanewise::distributed
