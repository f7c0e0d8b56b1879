// Functions of one element, or of two at the same place.
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

template <typename Kernel>
void unary(const Context& context, const char* op, FloatIn x, FloatOut out, std::size_t n, const Kernel& kernel) {
  check_length(op, "x", x.size(), n);
  check_length(op, "out", out.size(), n);
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    kernel(x.data() + begin, out.data() + begin, end - begin);
  });
}

template <typename Kernel>
void backward(const Context& context, const char* op, const char* other, FloatIn grad, FloatIn y, FloatOut out,
              std::size_t n, const Kernel& kernel) {
  check_length(op, "grad", grad.size(), n);
  check_length(op, other, y.size(), n);
  check_length(op, "out", out.size(), n);
  split_elements(context, n, [&](std::size_t begin, std::size_t end) {
    kernel(grad.data() + begin, y.data() + begin, out.data() + begin, end - begin);
  });
}

}  // namespace

#define UNARY(name)                                                           \
  void name(const Context& context, FloatIn x, FloatOut out, std::size_t n) { \
    unary(context, #name, x, out, n, context.kernels.name);                   \
  }
UNARY(neg)
UNARY(exp)
UNARY(log)
UNARY(sqrt)
UNARY(abs)
UNARY(sign)
UNARY(relu)
UNARY(sigmoid)
UNARY(tanh)
#undef UNARY

void clamp(const Context& context, FloatIn x, FloatOut out, std::size_t n, double low, double high) {
  const float l = static_cast<float>(low), h = static_cast<float>(high);
  unary(context, "clamp", x, out, n,
        [&](const float* from, float* to, std::size_t count) { context.kernels.clamp(from, to, count, l, h); });
}

void reluBackward(const Context& context, FloatIn grad, FloatIn y, FloatOut out, std::size_t n) {
  backward(context, "reluBackward", "y", grad, y, out, n, context.kernels.relu_backward);
}

void sigmoidBackward(const Context& context, FloatIn grad, FloatIn y, FloatOut out, std::size_t n) {
  backward(context, "sigmoidBackward", "y", grad, y, out, n, context.kernels.sigmoid_backward);
}

void tanhBackward(const Context& context, FloatIn grad, FloatIn y, FloatOut out, std::size_t n) {
  backward(context, "tanhBackward", "y", grad, y, out, n, context.kernels.tanh_backward);
}

void clampBackward(const Context& context, FloatIn grad, FloatIn x, FloatOut out, std::size_t n, double low,
                   double high) {
  const float l = static_cast<float>(low), h = static_cast<float>(high);
  backward(context, "clampBackward", "x", grad, x, out, n,
           [&](const float* g, const float* from, float* to, std::size_t count) {
             context.kernels.clamp_backward(g, from, to, count, l, h);
           });
}

}  // namespace lanewise::ops
