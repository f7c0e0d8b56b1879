// The kernels in AVX-512. Empty on other architectures.
#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../../core/target.h"
#include "../../generic/macros.h"
#include "../../kernel_table.h"

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12's own AVX-512 header starts results from themselves and warns of it (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

LANEWISE_TARGET_BEGIN("avx512f,avx512bw,avx512vl,avx512dq,avx2,fma")
namespace lanewise::kernels::avx512 {

#include "vec.h"
// What stands on the vocabulary, once for every instruction set.
#include "../../generic/all-inl.h"
}  // namespace lanewise::kernels::avx512
LANEWISE_TARGET_END

namespace lanewise::kernels::avx512 {

extern const KernelTable table;
const KernelTable table = {
    "avx512",
    kGemmMr,
    kGemmNr,
    kChainPiece,
#define KERNEL(name, parameters) name,
#include "../../kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels::avx512

#endif
