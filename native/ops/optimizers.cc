// Optimizer steps: the factors in double precision, rounded once.
#include <cmath>

#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

// A counter that can still be incremented.
void check_step(const char* op, IndexOut step) {
  check_length(op, "step", step.size(), 1);
  if (step[0] < 0 || step[0] == INT32_MAX) {
    refuse(op, "step", "must be in [0, 2147483646], got " + std::to_string(step[0]));
  }
}

}  // namespace

void sgd(const Context& context, FloatOut param, FloatIn grad, std::optional<FloatOut> buffer,
         std::optional<IndexOut> step, std::size_t n, double lr, double momentum, double dampening, double weightDecay,
         bool nesterov) {
  check_length("sgd", "param", param.size(), n);
  check_length("sgd", "grad", grad.size(), n);
  if (buffer.has_value() != step.has_value()) refuse("sgd", "step", "must be given with buffer, and only then");
  if (buffer) check_length("sgd", "buffer", buffer->size(), n);
  if (step) check_step("sgd", *step);

  float* const buffers = buffer ? buffer->data() : nullptr;
  const bool first = step && (*step)[0] == 0;
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    context.kernels.sgd(param.data() + begin, grad.data() + begin, buffers == nullptr ? nullptr : buffers + begin,
                        end - begin, static_cast<float>(lr), static_cast<float>(momentum),
                        static_cast<float>(1.0 - dampening), static_cast<float>(weightDecay), first, nesterov);
  });
  if (step) ++(*step)[0];
}

void adam(const Context& context, FloatOut param, FloatIn grad, FloatOut m, FloatOut v, std::optional<FloatOut> maxV,
          IndexOut step, std::size_t n, double lr, double beta1, double beta2, double eps, double weightDecay,
          bool decoupled) {
  check_length("adam", "param", param.size(), n);
  check_length("adam", "grad", grad.size(), n);
  check_length("adam", "m", m.size(), n);
  check_length("adam", "v", v.size(), n);
  if (maxV) check_length("adam", "maxV", maxV->size(), n);
  check_step("adam", step);

  const double t = static_cast<double>(step[0]) + 1.0;
  const float step_size = static_cast<float>(lr / (1.0 - std::pow(beta1, t)));
  const float root_scale = static_cast<float>(1.0 / std::sqrt(1.0 - std::pow(beta2, t)));
  const float decay = decoupled ? 0.0f : static_cast<float>(weightDecay);
  const float shrink = decoupled ? static_cast<float>(1.0 - lr * weightDecay) : 1.0f;
  float* const max_v = maxV ? maxV->data() : nullptr;
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    context.kernels.adam(param.data() + begin, grad.data() + begin, m.data() + begin, v.data() + begin,
                         max_v == nullptr ? nullptr : max_v + begin, end - begin, step_size,
                         static_cast<float>(1.0 - beta1), static_cast<float>(beta2), static_cast<float>(1.0 - beta2),
                         root_scale, static_cast<float>(eps), decay, shrink);
  });
  ++step[0];
}

}  // namespace lanewise::ops
