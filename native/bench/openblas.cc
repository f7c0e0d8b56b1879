// OpenBLAS. It packs at every call; there is no public way to keep weights packed.
#include <cblas.h>

#include "contender.h"

namespace lanewise::bench {

std::vector<Contender> openblas(Operands& o, std::size_t threads) {
  openblas_set_num_threads(static_cast<int>(threads));
  const Shape& s = o.shape;
  const int m = static_cast<int>(s.m), n = static_cast<int>(s.n), k = static_cast<int>(s.k);
  const auto run = [&o, s, m, n, k] {
    cblas_sgemm(CblasRowMajor, s.trans_a ? CblasTrans : CblasNoTrans, s.trans_b ? CblasTrans : CblasNoTrans, m, n, k,
                1.0f, o.a.data(), s.trans_a ? m : k, o.b.data(), s.trans_b ? k : n, 0.0f, o.c.data(), n);
  };
  return {{"OpenBLAS", false, run, run}};
}

std::string openblas_version() {
  return std::string(openblas_get_config()) + ", kernels of " + openblas_get_corename();
}

}  // namespace lanewise::bench
