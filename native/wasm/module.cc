// What the WebAssembly module exports: the functions that src/ops/wasm-module.ts calls. One thread, and no call within
// a call. Empty elsewhere. A function that can fail returns a Status, and then failure() says why.
#if defined(__wasm__)
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "../core/thread_pool.h"
#include "../kernels/select.h"
#include "../ops/ops.h"
#include "../ops/pointwise_program.h"
#include "../program/call.h"
#include "../program/decode.h"
#include "../program/device_buffer.h"
#include "../program/program.h"
#include "exceptions.h"
#include "words.h"

#define LANEWISE_EXPORT(name) extern "C" __attribute__((export_name(#name), visibility("default")))

namespace lanewise::wasm {
namespace {

using program::DeviceBuffer;
using program::Program;
using BufferHandle = std::shared_ptr<DeviceBuffer>;

enum Status { kDone, kRefused, kNoMemory, kNotFinite, kFailed };

Programs programs;
std::string message;
program::Call call;  // kept, so that a run allocates nothing

ops::Context context() { return {*kernels::available().front(), core::ThreadPool::instance(), 1}; }

template <typename Body>
Status guarded(Body body) {
  try {
    body();
    return kDone;
  } catch (...) {
    const std::type_info& type = caught_type();
    if (type == typeid(std::bad_alloc)) return kNoMemory;
    message = caught_exception().what();
    if (type == typeid(program::NotFinite)) {
      message = std::to_string(static_cast<const program::NotFinite&>(caught_exception()).layer);
      return kNotFinite;
    }
    const bool refused = type == typeid(std::invalid_argument) || type == typeid(std::overflow_error);
    return refused ? kRefused : kFailed;
  }
}

template <typename... Args>
void run_op(void (*op)(const ops::Context&, Args...), Words& words) {
  // The braces fix the order.
  std::tuple args{Read<ops::Plain<Args>>::from(words)...};
  std::apply([&](auto&... read) { op(context(), static_cast<Args>(read)...); }, args);
}

using Op = void (*)(Words&);
constexpr Op kOps[] = {
#define OP(name) [](Words& words) { run_op(&ops::name, words); },
#include "../ops/ops.inc"
#undef OP
};

// Inputs or outputs of a program, as their values are.
template <typename Spans>
void bind_arrays(Words& words, const Program& program, const std::vector<std::size_t>& values, Spans& spans) {
  spans.clear();
  const std::size_t count = words.next_size();
  for (std::size_t i = 0; i < count; ++i) {
    const Memory memory = next_memory(words);
    if (i < values.size() && values[i] != program::kNoValue && program.values()[values[i]].dtype != memory.dtype)
      throw std::invalid_argument("program: an array of another dtype");
    spans.push_back({static_cast<std::byte*>(memory.data), memory.length * DeviceBuffer::kElementBytes});
  }
}

}  // namespace

LANEWISE_EXPORT(version) const char* version() { return LANEWISE_VERSION; }

// The names of the ops of programs, with spaces between them; those of ops.inc come first, and are what call() knows.
LANEWISE_EXPORT(opcodes) const char* opcodes() {
  message.clear();
  for (const char* name : program::opcodes()) message.append(name).append(" ");
  return message.c_str();
}

// Why the last function that failed did so; of a NotFinite where.
LANEWISE_EXPORT(failure) const char* failure() { return message.c_str(); }

// Null when there is none.
LANEWISE_EXPORT(allocate) void* allocate(std::size_t bytes) { return std::aligned_alloc(64, bytes); }
LANEWISE_EXPORT(release) void release(void* memory) { std::free(memory); }

LANEWISE_EXPORT(call) Status call_op(std::size_t op, const double* arguments) {
  return guarded([&] {
    Words words(arguments, programs);
    kOps[op](words);
  });
}

// Writes the program's number to the place of its code.
LANEWISE_EXPORT(pointwiseProgram) Status pointwise_program(double* code, std::size_t length) {
  return guarded([&] {
    auto program = std::make_unique<const ops::PointwiseProgram>(std::span<const double>(code, length));
    auto free = std::find(programs.begin(), programs.end(), nullptr);
    if (free == programs.end()) free = programs.insert(free, nullptr);
    *free = std::move(program);
    *code = static_cast<double>(free - programs.begin());
  });
}
LANEWISE_EXPORT(forgetPointwiseProgram) void forget_pointwise_program(std::size_t number) { programs[number].reset(); }

LANEWISE_EXPORT(createBuffer) Status create_buffer(std::size_t dtype, std::size_t length, BufferHandle** made) {
  return guarded([&] {
    *made = new BufferHandle(DeviceBuffer::create(dtype == 0 ? ops::DType::kFloat32 : ops::DType::kInt32, length));
  });
}
// Programs that have it keep its memory.
LANEWISE_EXPORT(freeBuffer) void free_buffer(BufferHandle* buffer) { delete buffer; }

LANEWISE_EXPORT(copyIn)
Status copy_in(BufferHandle* buffer, const std::byte* from, std::size_t length, std::size_t offset) {
  return guarded([&] { (*buffer)->copy_in({from, length * DeviceBuffer::kElementBytes}, offset); });
}
LANEWISE_EXPORT(copyOut)
Status copy_out(BufferHandle* buffer, std::byte* to, std::size_t length, std::size_t offset) {
  return guarded([&] { (*buffer)->copy_out({to, length * DeviceBuffer::kElementBytes}, offset); });
}

// The numbers after values and code of program::FlatGraph, then the buffers as a list; the program's handle is written
// over them.
LANEWISE_EXPORT(createProgram)
Status create_program(const double* values, std::size_t value_numbers, const double* code, std::size_t code_numbers,
                      double* rest) {
  return guarded([&] {
    Words words(rest, programs);
    const program::FlatGraph graph{
        {values, value_numbers}, {code, code_numbers}, words.next_size(), words.next_size(), words.next_size()};
    std::vector<BufferHandle> buffers;
    for (const double handle : words.next_numbers())
      buffers.push_back(*reinterpret_cast<BufferHandle*>(static_cast<std::size_t>(handle)));
    *rest =
        static_cast<double>(reinterpret_cast<std::size_t>(new Program(context().kernels, graph, std::move(buffers))));
  });
}
LANEWISE_EXPORT(arenaBytes) std::size_t arena_bytes(const Program* program) { return program->arena_bytes(); }
LANEWISE_EXPORT(disposeProgram) void dispose_program(Program* program) { delete program; }

// Inputs, outputs, dynamic scalars and keys, each as a list. Keys are written back as the run leaves them.
LANEWISE_EXPORT(runProgram)
Status run_program(Program* program, const double* arguments, std::uint32_t* keys, std::size_t key_numbers) {
  return guarded([&] {
    Words words(arguments, programs);
    bind_arrays(words, *program, program->input_values(), call.inputs);
    bind_arrays(words, *program, program->output_values(), call.outputs);
    const std::span<const double> scalars = words.next_numbers();
    call.dynamic_scalars.assign(scalars.begin(), scalars.end());
    call.keys.assign(keys, keys + key_numbers);
    program->run(context(), call);
    std::ranges::copy(call.keys, keys);
  });
}

}  // namespace lanewise::wasm

#endif
