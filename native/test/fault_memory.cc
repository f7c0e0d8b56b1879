// Memory that runs out, at every allocation there is: an exception, nothing left behind, nothing half done.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "../core/fair_lock.h"
#include "../core/start_thread.h"
#include "../core/thread_pool.h"
#include "../ops/ops.h"
#include "../ops/pointwise_program.h"
#include "../program/program_job.h"
#include "../program/runner.h"
#include "../program/shuffle_job.h"
#include "allocations.h"
#include "arithmetic.h"
#include "kept.h"
#include "program_graphs.h"

namespace lanewise::test {
namespace {

using program::Call;
using program::Program;

constexpr std::size_t kThreads = 3;

// grad·y·(1 - y).
TestProgram sigmoid_gradient() {
  TestProgram program;
  program.inputs = 2;
  program.constants = {1};
  const std::size_t product = program.add(Node::mul, 0, 1), rest = program.add(Node::sub, program.constant(0), 1);
  program.outputs = {program.add(Node::mul, product, rest)};
  return program;
}

// Calls attempt() with its first, its second, ... allocation failing until it gets through; how many it makes. Each
// attempt has another thread, whose scratch is fresh. After a failure check() looks at what was left behind.
std::size_t fail_each_allocation(const std::function<void()>& attempt, const std::function<void()>& check) {
  core::ThreadPool::instance().run(kThreads, [](std::size_t) {});  // starts the workers, which stay
  for (std::size_t nth = 0; nth < 10000; ++nth) {
    CAPTURE(nth);
    enum class Outcome { kDone, kOutOfMemory, kOther } outcome = Outcome::kDone;
    std::size_t asked = 0;
    const std::size_t before = live_allocations();
    std::thread([&] {
      const Allocations allocations(nth);
      try {
        attempt();
      } catch (const std::bad_alloc&) {
        outcome = Outcome::kOutOfMemory;
      } catch (...) {
        outcome = Outcome::kOther;
      }
      asked = allocations.count();
    }).join();
    const std::size_t after = live_allocations();
    REQUIRE(outcome != Outcome::kOther);
    REQUIRE(after == before);
    if (outcome == Outcome::kDone && asked <= nth) return nth;
    if (outcome == Outcome::kOutOfMemory) check();
  }
  FAIL("it never ends");
  return 0;
}

TEST_CASE("ops without memory for their scratch write nothing") {
  on_each_isa([](const KernelTable& table) {
    const ops::Context context = context_of(table, kThreads);
    constexpr std::size_t rows = 64, in = 96, out = 80, n = rows * out;
    constexpr std::size_t long_row = 200'000;
    const std::size_t padded = (out + table.gemm_nr - 1) / table.gemm_nr * table.gemm_nr * in;
    Random random(7);
    Floats x(random.floats(rows * in)), weight(random.floats(padded)), grad(random.floats(n)),
        one(std::vector<float>{1});
    Floats line(random.floats(long_row));
    Ints target(random.ints(rows, out));
    const std::size_t product = out * in;
    struct OpCase {
      const char* name;
      std::size_t length;  // of what it writes
      std::function<void(ops::FloatOut)> run;
    };
    Floats other(n), scalar(1);
    const OpCase cases[] = {
        {"matmul", product,
         [&](auto to) { ops::matmul(context, grad.in(), x.in(), to, 1, out, in, rows, true, false, 0, 0); }},
        {"linear", n,
         [&](auto to) { ops::linear(context, x.in(), weight.in().first(product), {}, to, rows, in, out); }},
        {"sum", 1, [&](auto to) { ops::sum(context, line.in(), to, 1, long_row, 1); }},
        {"softmax", n, [&](auto to) { ops::softmax(context, grad.in(), to, 4, rows / 4, out, false); }},
        {"crossEntropy", 1,
         [&](auto to) {
           ops::crossEntropy(context, grad.in(), target.in(), {}, to, other.span().first(2 * rows), scalar.span(), {},
                             rows, out, -100, 0, 1);
         }},
        {"crossEntropyTrain", n,
         [&](auto to) {
           ops::crossEntropyTrain(context, one.in(), grad.in(), target.in(), {}, scalar.span(), to,
                                  other.span().first(out), {}, {}, rows, out, -100, 0, 1);
         }},
        {"pointwise", n,
         [&](auto to) {
           // (x + 1) + a row of it, for inputs that are gathered.
           const double code[]{2, 0, 0, 1, 2, 1, 1, 17, 0, 2, 0, 0, 17, 3, 1, 0, 0, 4};
           const double layout[]{rows, out, out, 1, 1, rows};
           const ops::FloatIn ins[]{grad.in(), other.in()};
           const ops::FloatOut outs[]{to};
           ops::pointwise(context, ops::decoded_program(code), ins, {}, {}, outs, {}, layout, 1, 0);
         }},
        {"linear with a program", n,
         [&](auto to) {
           const std::vector<double> code = unary_program(Node::sigmoid).code();
           ops::linear(context, x.in(), weight.in(), {}, to, rows, in, out, true, ops::decoded_program(code));
         }},
        {"linearInputGradient", rows * in,
         [&](auto to) {
           const std::vector<double> code = sigmoid_gradient().code();
           const ops::FloatIn ins[]{x.in()};
           ops::linearInputGradient(context, grad.in(), weight.in(), to, other.span().first(in), rows, in, out, true,
                                    ops::decoded_program(code), ins);
         }},
        {"linearWeightUpdate", padded,
         [&](auto to) {
           const std::vector<double> code = sgd_program(false, false, false).code(), scalars{0.1, 0, 0, 0};
           const ops::FloatIn ins[]{to};
           const ops::FloatOut outs[]{to};
           ops::linearWeightUpdate(context, grad.in(), x.in(), ops::decoded_program(code), ins, {scalars}, outs, {},
                                   rows, in, out, true);
         }},
        {"reduce", 1,
         [&](auto to) {
           const std::vector<double> code = unary_program(Node::exp).code(), layout{long_row, 1};
           const ops::FloatIn ins[]{line.in()};
           ops::reduce(context, ops::decoded_program(code), ins, {}, layout, to, {}, 1, long_row, 1, 0, 1);
         }},
    };
    std::size_t failures = 0;
    for (const OpCase& op : cases) {
      CAPTURE(std::string(op.name));
      const std::vector<float> before(op.length, 0.25f);
      Floats result(before);
      failures += fail_each_allocation([&] { op.run(result.span()); }, [&] { REQUIRE(result.values() == before); });
      CHECK(result.values() != before);
      CHECK(result.guards_intact());
    }
    CHECK(failures > 6);
  });
}

TEST_CASE("a pool without memory for workers leaves all parts to the caller") {
  std::size_t nth = 0;
  for (bool failed = true; failed; ++nth) {
    REQUIRE(nth < 100);
    auto& pool = keep(*new core::ThreadPool(core::start_thread, std::nullopt));
    std::vector<std::atomic<int>> calls(7);
    {
      const Allocations allocations(nth);
      pool.run(calls.size(), [&](std::size_t part) { ++calls[part]; });
      failed = allocations.count() > nth;
    }
    for (int again = 0; again < 2; ++again) {
      for (const std::atomic<int>& count : calls) CHECK(count == again + 1);
      pool.run(calls.size(), [&](std::size_t part) { ++calls[part]; });
    }
  }
  CHECK(nth > 12);  // a worker and its thread, six times
}

// One training step of a layer with ReLU and a layer, by plain SGD, its weights in panels.
struct Step {
  static constexpr std::size_t kRows = 48, kIn = 40, kHidden = 36, kClasses = 10;

  explicit Step(const KernelTable& table) : kernels(table) {
    Random random(11);
    weights = {random.floats(kHidden * kIn), random.floats(kHidden), random.floats(kClasses * kHidden)};
    x = random.floats(kRows * kIn);
    target = random.ints(kRows, kClasses);
    for (const std::vector<float>& values : weights) buffers.push_back(buffer_of(values));
  }

  TestGraph graph() const {
    TestGraph list;
    const double w1 = list.state(buffers[0], kHidden, kIn), b1 = list.state(buffers[1]);
    const double w2 = list.state(buffers[2], kClasses, kHidden);
    const double input = list.value(ValueKind::kInput, 0, kRows * kIn);
    const double labels = list.value(ValueKind::kInput, 1, kRows, true);
    const double loss = list.value(ValueKind::kOutput, 0, 1);
    const auto temporary = [&](std::size_t length) {
      const double id = list.value(ValueKind::kTemporary, list.arena, length);
      list.arena += (length + 15) / 16 * 16;
      return id;
    };
    const double hidden = temporary(kRows * kHidden), logits = temporary(kRows * kClasses), one = temporary(1);
    const double d_logits = temporary(kRows * kClasses), d_hidden = temporary(kRows * kHidden),
                 d_b1 = temporary(kHidden);
    constexpr double rows = kRows, in = kIn, mid = kHidden, out = kClasses;
    list.op("fill", {one, 0, 1, 1});
    const TestProgram update = sgd_program(false, false, false);
    list.product("linear", {input, w1, b1, hidden, rows, in, mid, 1}, unary_program(Node::sigmoid), {});
    list.product("linear", {hidden, w2, -1, logits, rows, mid, out, 1});
    list.op("crossEntropyTrain", {one, logits, labels, -1, loss, d_logits, -1, -1, -1, rows, out, -100, 0, 0, 1});
    list.product("linearInputGradient", {d_logits, w2, d_hidden, d_b1, rows, mid, out, 1}, sigmoid_gradient(),
                 {{hidden}, {}, {}, {}});
    list.weight_update(d_logits, hidden, update, {{w2}, {}, {0.1, 0, 0, 0}, {w2}}, -1, rows, mid, out, true);
    list.weight_update(d_hidden, input, update, {{w1}, {}, {0.1, 0, 0, 0}, {w1}}, -1, rows, in, mid, true);
    list.pointwise(update, {{d_b1, b1}, {}, {0.1, 0, 0, 0}, {b1}}, -1, {mid, 1, 1}, 1);
    return list;
  }

  Call call() { return {{bytes(x), bytes(target)}, {writable(loss)}, {}, {}}; }
  void run(Program& program) {
    Call bound = call();
    program.run(context_of(kernels, kThreads), bound);
  }
  void reset() {
    for (std::size_t i = 0; i < buffers.size(); ++i) buffers[i]->copy_in(bytes(weights[i]));
  }
  std::vector<std::vector<float>> state() const {
    std::vector<std::vector<float>> values;
    for (const auto& buffer : buffers) values.push_back(read(*buffer));
    return values;
  }

  const KernelTable& kernels;
  std::vector<std::vector<float>> weights;
  std::vector<float> x, loss = {0};
  std::vector<std::int32_t> target;
  std::vector<std::shared_ptr<DeviceBuffer>> buffers;
};

std::vector<std::vector<float>> trained(const KernelTable& table) {
  Step step(table);
  Program program = step.graph().make(table);
  step.run(program);
  return step.state();
}

TEST_CASE("buffers and programs are made whole or not at all") {
  on_each_isa([](const KernelTable& table) {
    Step step(table);
    const TestGraph graph = step.graph();
    const auto before = step.state();
    const std::size_t made = fail_each_allocation([&] { graph.make(table); },
                                                  [&] {
                                                    REQUIRE(step.state() == before);
                                                    for (const auto& buffer : step.buffers)
                                                      REQUIRE(buffer.use_count() == 2);
                                                  });
    CHECK(made > 20);  // values, instructions, layouts, the arena
    CHECK(fail_each_allocation([] { DeviceBuffer::create(ops::DType::kFloat32, 100); }, [] {}) >= 2);
  });
}

TEST_CASE("a run that memory runs out for ends between two instructions, and the next one is right") {
  on_each_isa([](const KernelTable& table) {
    const auto expected = trained(table);
    Step step(table);
    const auto before = step.state();
    REQUIRE(before != expected);
    // A fresh program each time: the first run lays the weights out in panels.
    const std::size_t allocations = fail_each_allocation(
        [&] {
          Program program = step.graph().make(table);
          step.run(program);
        },
        [&] {
          const auto after = step.state();
          for (std::size_t i = 0; i < after.size(); ++i) {
            CAPTURE(i);
            REQUIRE((after[i] == before[i] || after[i] == expected[i]));
          }
          Program program = step.graph().make(table);
          step.reset();
          step.run(program);
          REQUIRE(step.state() == expected);
          step.buffers.clear();  // back to rows
          for (const std::vector<float>& values : step.weights) step.buffers.push_back(buffer_of(values));
        });
    CHECK(allocations > 30);
    CHECK(step.state() == expected);
  });
}

class Collected final : public program::CompletionQueue {
 public:
  void accept(program::JobList& one) noexcept override {
    one.clear();
    ++count;
  }
  std::atomic<int> count{0};
};

TEST_CASE("a job that memory runs out for is not queued, or fails by itself; others go on") {
  const KernelTable& table = *kernels::available().back();
  const auto expected = trained(table);
  Step step(table);
  const auto lock = std::make_shared<core::FairLock>();
  const auto collected = std::make_shared<Collected>();
  const auto program = std::make_shared<Program>(table, step.graph().flat(), step.buffers);
  std::size_t submitted = 0;
  const std::size_t allocations = fail_each_allocation(
      [&] {
        program::Runner runner(lock, collected, core::ThreadPool::instance(),
                               [](void (*)(void*), void*) noexcept { return true; });
        auto job = std::make_shared<program::ProgramJob>(
            program, program::ProgramJob::Request{step.call(), {ops::DType::kFloat32}, 5, {}, kThreads});
        // As the runner's thread does.
        while (job->advance(core::ThreadPool::instance())) {
        }
        if (job->failure() != nullptr) std::rethrow_exception(job->failure());
        ++submitted;
      },
      [&] {
        CHECK(program.use_count() == 1);
        step.reset();
      });
  CHECK(allocations > 10);
  CHECK(submitted == 1);
  CHECK(collected->count == 0);
}

TEST_CASE("a runner without memory for a job queues nothing and takes the next one") {
  const auto collected = std::make_shared<Collected>();
  const auto order = DeviceBuffer::create(ops::DType::kInt32, 1000);
  std::size_t nth = 0;
  for (bool failed = true; failed; ++nth) {
    REQUIRE(nth < 100);
    const auto lock = std::make_shared<core::FairLock>();
    program::Runner runner(lock, collected, core::ThreadPool::instance(), core::start_thread);
    const int before = collected->count;
    std::size_t asked = 0;
    bool thrown = false;
    {
      const Allocations allocations(nth);
      try {
        runner.submit(1, std::make_shared<program::ShuffleJob>(order, 3));
      } catch (const std::exception&) {  // without a thread: std::runtime_error
        thrown = true;
      }
      asked = allocations.count();
    }
    failed = asked > nth;
    CHECK(thrown == failed);
    runner.submit(2, std::make_shared<program::ShuffleJob>(order, 3));
    const int jobs = thrown ? 1 : 2;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (collected->count < before + jobs && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    CHECK(collected->count == before + jobs);
  }
  CHECK(nth > 4);
}

}  // namespace
}  // namespace lanewise::test
