// The kernels without vectors, at the platform's baseline.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "../../../core/target.h"
#include "../../generic/macros.h"
#include "../../kernel_table.h"

namespace lanewise::kernels::scalar {
#include "vec.h"
// What stands on the vocabulary, once for every instruction set.
#include "../../generic/all-inl.h"
}  // namespace lanewise::kernels::scalar

namespace lanewise::kernels::scalar {

extern const KernelTable table;
const KernelTable table = {
    "scalar",
    kGemmMr,
    kGemmNr,
    kChainPiece,
#define KERNEL(name, parameters) name,
#include "../../kernels.inc"
#undef KERNEL
};

}  // namespace lanewise::kernels::scalar
