// The kernels in AVX2 and FMA. Empty on other architectures.
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../../core/target.h"
#include "../../generic/macros.h"
#include "../../kernel_table.h"

LANEWISE_TARGET_BEGIN("avx2,fma")
namespace lanewise::kernels::avx2 {

#include "vec.h"
// What stands on the vocabulary, once for every instruction set.
#include "../../generic/all-inl.h"
}  // namespace lanewise::kernels::avx2
LANEWISE_TARGET_END

namespace lanewise::kernels::avx2 {

extern const KernelTable table;
const KernelTable table = {
    "avx2",
    kGemmMr,
    kGemmNr,
    kChainPiece,
#define KERNEL(name, parameters) name,
#include "../../kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels::avx2

#endif
