// The kernels in AArch64's Advanced SIMD. Empty on other architectures.
#if defined(__aarch64__) || defined(_M_ARM64)
#include <arm_neon.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../../core/target.h"
#include "../../generic/macros.h"
#include "../../kernel_table.h"

namespace lanewise::kernels::neon {

#include "vec.h"
// What stands on the vocabulary, once for every instruction set.
#include "../../generic/all-inl.h"
}  // namespace lanewise::kernels::neon

namespace lanewise::kernels::neon {

extern const KernelTable table;
const KernelTable table = {
    "neon",
    kGemmMr,
    kGemmNr,
    kChainPiece,
#define KERNEL(name, parameters) name,
#include "../../kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels::neon

#endif
