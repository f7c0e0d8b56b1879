// The kernels in WebAssembly's SIMD. Empty on other architectures.
#if defined(__wasm__)
#include <wasm_simd128.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../../core/target.h"
#include "../../generic/macros.h"
#include "../../kernel_table.h"

namespace lanewise::kernels::simd128 {

#include "vec.h"
// What stands on the vocabulary, once for every instruction set.
#include "../../generic/all-inl.h"

extern const KernelTable table;
const KernelTable table = {
    "simd128",
    kGemmMr,
    kGemmNr,
    kChainPiece,
#define KERNEL(name, parameters) name,
#include "../../kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels::simd128

#endif
