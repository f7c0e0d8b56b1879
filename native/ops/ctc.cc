// Connectionist temporal classification. A sample goes through its steps on one thread, forwards and, for its gradient,
// backwards; the states of a step are in the lanes. Variables are logarithms less the largest of their step, which is
// added up in double precision: their rounding errors do not grow with the number of steps.
#include <limits>

#include "../core/aligned.h"
#include "check.h"
#include "ctc_samples.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

constexpr float kNever = -std::numeric_limits<float>::infinity();

// What a step of a state costs, in elements of elementwise work.
constexpr std::size_t kStateCost = 16;

// What stands in front of a row of states, so that the first ones have none before them.
constexpr std::size_t kPad = 2;

// Memory for the samples of one part.
struct Workspace {
  float* forward;         // [steps or 2, kPad + states]
  float* backward;        // [2, kPad + states]
  float* skips;           // [2, states]: forwards, and backwards
  float* through;         // [states]
  double* largest;        // [steps]: what the rows of `forward` are short of
  std::int32_t* classes;  // [2, states]
};

// The states of a path in the order in which one direction goes through them: blank, label, blank, ..., blank.
struct States {
  const std::int32_t* classes;
  const float* skip;  // 0 where a state may be entered from the one before the last, else -infinity
  std::size_t count;
};

States states_of(IndexIn labels, std::size_t blank, bool reversed, float* skip, std::int32_t* classes) {
  const std::size_t count = 2 * labels.size() + 1;
  for (std::size_t s = 0; s < count; ++s) {
    const auto label = [&](std::size_t i) { return labels[reversed ? labels.size() - 1 - i : i]; };
    classes[s] = s % 2 == 0 ? static_cast<std::int32_t>(blank) : label(s / 2);
    skip[s] = s % 2 == 1 && s > 1 && label(s / 2) != label(s / 2 - 1) ? 0.0f : kNever;
  }
  return {classes, skip, count};
}

// The first two states, which any path begins with.
void begin_row(float* row, std::size_t count) {
  for (std::size_t s = 0; s < count; ++s) row[s] = s < 2 ? 0.0f : kNever;
}

// Adds the logarithms of a step, and takes away the largest sum: the result, or 0 when all are -infinity.
double add_step(float* row, const States& states, const float* log_probs) {
  float largest = kNever;
  for (std::size_t s = 0; s < states.count; ++s) {
    row[s] += log_probs[states.classes[s]];
    largest = std::max(largest, row[s]);
  }
  if (largest == kNever) return 0.0;
  for (std::size_t s = 0; s < states.count; ++s) row[s] -= largest;
  return static_cast<double>(largest);
}

struct Call {
  const Context& context;
  const float* log_probs;
  float* out;
  float* gradient;  // or null
  const CtcSamples& samples;
  std::size_t blank;
  bool zero_infinity;

  const float* row(std::size_t t, std::size_t n) const { return log_probs + (t * samples.rows + n) * samples.classes; }
  float* gradient_row(std::size_t t, std::size_t n) const {
    return gradient + (t * samples.rows + n) * samples.classes;
  }
};

// The logarithm of the likelihood of a sample; the forward variables stay in `forward` when there is a gradient.
double run_forward(const Call& call, std::size_t n, const States& states, const Workspace& work) {
  const auto steps = static_cast<std::size_t>(call.samples.input_lengths[n]);
  if (steps == 0) return states.count == 1 ? 0.0 : static_cast<double>(kNever);
  const std::size_t width = kPad + states.count, kept = call.gradient != nullptr ? steps : 2;
  const auto row = [&](std::size_t t) { return work.forward + t % kept * width + kPad; };
  for (std::size_t t = 0; t < std::min(kept, steps); ++t) std::fill_n(row(t) - kPad, kPad, kNever);
  begin_row(row(0), states.count);
  double sum = 0.0;
  for (std::size_t t = 0; t < steps; ++t) {
    if (t > 0) call.context.kernels.log_sum_ways(row(t - 1), states.skip, row(t), states.count);
    sum += add_step(row(t), states, call.row(t, n));
    if (call.gradient != nullptr) work.largest[t] = sum;
  }
  // Paths end in one of the last two states.
  float last;
  call.context.kernels.log_sum_ways(row(steps - 1) + states.count - 1, &kNever, &last, 1);
  return sum + static_cast<double>(last);
}

void run_backward(const Call& call, std::size_t n, const States& forwards, const States& states, const Workspace& work,
                  double total) {
  const auto& kernels = call.context.kernels;
  const auto steps = static_cast<std::size_t>(call.samples.input_lengths[n]);
  const std::size_t count = states.count, width = kPad + count;
  const auto row = [&](std::size_t t) { return work.backward + t % 2 * width + kPad; };
  for (std::size_t t = 0; t < 2; ++t) std::fill_n(row(t) - kPad, kPad, kNever);
  begin_row(row(steps - 1), count);
  double sum = 0.0;
  for (std::size_t t = steps; t-- > 0;) {
    float *own = row(t), *gradient = call.gradient_row(t, n);
    if (t + 1 < steps) kernels.log_sum_ways(row(t + 1), states.skip, own, count);
    const float* before = work.forward + t * width + kPad;
    const auto rest = static_cast<float>(work.largest[t] + sum - total);
    for (std::size_t s = 0; s < count; ++s) work.through[s] = before[s] + own[count - 1 - s] + rest;
    kernels.exp(work.through, work.through, count);
    kernels.exp(call.row(t, n), gradient, call.samples.classes);
    for (std::size_t s = 0; s < count; ++s) gradient[forwards.classes[s]] -= work.through[s];
    sum += add_step(own, states, call.row(t, n));
  }
}

void run_sample(const Call& call, std::size_t n, IndexIn labels, const Workspace& work) {
  const States forwards = states_of(labels, call.blank, false, work.skips, work.classes);
  const double total = run_forward(call, n, forwards, work);
  const bool impossible = total == static_cast<double>(kNever);
  call.out[n] = impossible && call.zero_infinity ? 0.0f : static_cast<float>(0.0 - total);
  if (call.gradient == nullptr) return;
  const auto steps = static_cast<std::size_t>(call.samples.input_lengths[n]);
  const auto fill = [&](std::size_t from, std::size_t to, float value) {
    for (std::size_t t = from; t < to; ++t) std::fill_n(call.gradient_row(t, n), call.samples.classes, value);
  };
  fill(steps, call.samples.steps, 0.0f);
  if (impossible) {
    fill(0, steps, call.zero_infinity ? 0.0f : std::numeric_limits<float>::quiet_NaN());
  } else if (steps > 0) {
    const States backwards =
        states_of(labels, call.blank, true, work.skips + forwards.count, work.classes + forwards.count);
    run_backward(call, n, forwards, backwards, work, total);
  }
}

}  // namespace

void ctcLoss(const Context& context, FloatIn logProbs, FloatOut out, std::optional<FloatOut> gradient, IndexIn targets,
             IndexIn inputLengths, IndexIn targetLengths, std::size_t steps, std::size_t rows, std::size_t classes,
             std::size_t labels, bool padded, std::size_t blank, bool zeroInfinity) {
  const CtcSamples samples{targets, inputLengths, targetLengths, steps, rows, classes, labels, padded};
  const std::size_t all = checked_mul(steps, checked_mul(rows, classes));
  check_length("ctcLoss", "logProbs", logProbs.size(), all);
  check_length("ctcLoss", "out", out.size(), rows);
  if (gradient) check_length("ctcLoss", "gradient", gradient->size(), all);
  if (blank >= classes) refuse("ctcLoss", "blank", "must be a class");
  check_ctc_samples("ctcLoss", samples);
  if (rows == 0) return;

  std::size_t longest = 0, cost = 0;
  samples.each([&](std::size_t n, IndexIn own) {
    longest = std::max(longest, own.size());
    cost += static_cast<std::size_t>(inputLengths[n]) * (2 * own.size() + 1);
  });
  const std::size_t states = core::checked_add(checked_mul(2, longest), 1), width = kPad + states;
  const std::size_t kept = gradient ? steps : 2;
  const std::size_t floats = ops::padded(checked_mul(core::checked_add(kept, 2), width) + 3 * states);
  const std::size_t parts = std::min(parts_for(context, core::capped_mul(cost, kStateCost), kElementGrain), rows);
  thread_local core::Scratch floats_scratch, doubles_scratch, classes_scratch, starts_scratch;
  float* const numbers = floats_scratch.get<float>(checked_mul(parts, floats));
  double* const largest = doubles_scratch.get<double>(checked_mul(parts, std::max<std::size_t>(1, steps)));
  auto* const classes_of = classes_scratch.get<std::int32_t>(checked_mul(parts, 2, states));
  auto* const starts = starts_scratch.get<const std::int32_t*>(rows);
  samples.each([&](std::size_t n, IndexIn own) { starts[n] = own.data(); });

  const Call call{context, logProbs.data(), out.data(),  gradient ? gradient->data() : nullptr,
                  samples, blank,           zeroInfinity};
  run_parts(context, parts, [&](std::size_t part) {
    float* at = numbers + part * floats;
    const auto take = [&](std::size_t count) {
      float* const taken = at;
      at += count;
      return taken;
    };
    const Workspace work{take(kept * width), take(2 * width),        take(2 * states),
                         take(states),       largest + part * steps, classes_of + part * 2 * states};
    for (std::size_t n = part_begin(part, parts, rows, 1); n < part_begin(part + 1, parts, rows, 1); ++n) {
      run_sample(call, n, {starts[n], static_cast<std::size_t>(targetLengths[n])}, work);
    }
  });
}

}  // namespace lanewise::ops
