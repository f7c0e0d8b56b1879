// Weights from rows to panels and back.
#include "panels.h"

#include "parallel.h"

namespace lanewise::ops {

std::size_t panels_length(const Context& context, std::size_t out, std::size_t in) {
  return core::checked_mul(core::checked_round_up(out, context.kernels.gemm_nr), in);
}

void pack_panels(const Context& context, std::span<const float> rows, std::span<float> panels, std::size_t out,
                 std::size_t in) {
  const std::size_t nr = context.kernels.gemm_nr;
  if (in == 0) return;
  split(context, parts_for(context, out * in, kElementGrain), out, nr, [&](std::size_t begin, std::size_t end) {
    for (std::size_t o = begin; o < end; o += nr) {
      context.kernels.pack_columns(rows.data() + o * in, in, in, std::min(nr, end - o), panels.data() + o * in);
    }
  });
}

void unpack_panels(const Context& context, std::span<const float> panels, std::span<float> rows, std::size_t out,
                   std::size_t in) {
  const std::size_t nr = context.kernels.gemm_nr;
  if (in == 0) return;
  split(context, parts_for(context, out * in, kElementGrain), out, nr, [&](std::size_t begin, std::size_t end) {
    for (std::size_t o = begin; o < end; ++o) {
      const float* from = panels.data() + o / nr * nr * in + o % nr;
      float* to = rows.data() + o * in;
      for (std::size_t i = 0; i < in; ++i) to[i] = from[i * nr];
    }
  });
}

}  // namespace lanewise::ops
