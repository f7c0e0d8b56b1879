// A recorded program, ready to run: its instructions decoded, its temporaries in one arena.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "../core/aligned.h"
#include "../kernels/kernel_table.h"
#include "../ops/context.h"
#include "call.h"
#include "collective_ops.h"
#include "device_buffer.h"
#include "graph.h"

namespace lanewise::program {

class Instruction;
struct Bound;

// Not synchronised: one run at a time, and no other access to its buffers meanwhile.
class Program {
 public:
  // Decodes and checks all of the graph, and allocates its arena; `buffers` are the values of kind state, by index.
  // `environment`: which one of the process makes it; its programs have collectives if it is that of the process group.
  // Throws std::invalid_argument for a graph that does not hold together, std::bad_alloc or std::overflow_error.
  Program(const kernels::KernelTable& kernels, const FlatGraph& graph,
          std::vector<std::shared_ptr<DeviceBuffer>> buffers, const void* environment = nullptr);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  // One run, on the calling thread and the workers of context.pool; context.kernels must be kernels(). Nothing is
  // allocated but scratch of ops, and buffers whose layout another program has changed. Denormals are flushed by the
  // caller. A run that waits for other ranks, or for one that does, leaves its thread's lane meanwhile. A call whose
  // arrays do not fit, and labels in inputs that are out of range, give std::invalid_argument before any number moves.
  // Whatever else fails (NotFinite, labels that the program gathers) ends the run between two instructions.
  void run(const ops::Context& context, Call& call);

  // Whether a run would have to wait for one that is away: of this program, of one that shares a buffer with it, or
  // with collectives as this one. From any thread.
  bool is_blocked() const;

  // That the arrays and numbers of a call fit, as run() does first. Reads nothing that a run changes, so a run may be
  // in progress on another thread. Throws std::invalid_argument.
  void check(const Call& call) const;

  const kernels::KernelTable& kernels() const { return kernels_; }
  std::size_t arena_bytes() const { return arena_.size(); }
  // How many arrays and numbers a Call must have, at least.
  std::size_t inputs() const { return inputs_.size(); }
  std::size_t outputs() const { return outputs_.size(); }
  std::size_t dynamic_scalars() const { return dynamic_scalars_; }
  std::size_t key_sources() const { return key_sources_; }
  const std::vector<std::shared_ptr<DeviceBuffer>>& buffers() const { return buffers_; }
  const std::vector<ValueSpec>& values() const { return values_; }
  // The value that is bound to each input and output, or kNoValue where the graph does not name it.
  const std::vector<std::size_t>& input_values() const { return inputs_; }
  const std::vector<std::size_t>& output_values() const { return outputs_; }

 private:
  void bind(const Call& call);
  void run_instructions(const ops::Context& context, Call& call);

  const kernels::KernelTable& kernels_;
  const void* const environment_;
  std::vector<ValueSpec> values_;
  std::vector<std::shared_ptr<DeviceBuffer>> buffers_;
  std::vector<std::size_t> inputs_, outputs_;
  std::size_t dynamic_scalars_, key_sources_;
  core::AlignedBuffer<std::byte> arena_;
  std::vector<Bound> bound_;  // where each value lies in this run
  std::vector<std::unique_ptr<const Instruction>> instructions_;
  std::vector<bool> writes_;  // to each of buffers_
  // Of a program with collectives: ranks compare its hash before its first run.
  bool has_collectives_;
  Agreed agreed_;
  std::uint64_t hash_;
  std::atomic<bool> is_busy_{false};  // with a run that may be away

  class BusyRun;
};

}  // namespace lanewise::program
