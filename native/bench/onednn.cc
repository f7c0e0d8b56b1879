// oneDNN, at its best: its plain product, and its matmul primitive with weights in whatever layout it asks for, packed
// ahead. Weight gradients have no constant operand, so there the layouts are those of the operands.
#include <omp.h>

#include <stdexcept>

#include <dnnl.hpp>

#include "contender.h"

namespace lanewise::bench {
namespace {

using dnnl::memory;

memory::desc plain(std::size_t rows, std::size_t columns, bool transposed) {
  return {{static_cast<memory::dim>(rows), static_cast<memory::dim>(columns)},
          memory::data_type::f32,
          transposed ? memory::format_tag::ba : memory::format_tag::ab};
}

memory::desc of_its_choice(const Shape& s) {
  return {
      {static_cast<memory::dim>(s.k), static_cast<memory::dim>(s.n)}, memory::data_type::f32, memory::format_tag::any};
}

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const memory::desc& source,
                                      const memory::desc& weights, const memory::desc& destination) {
#if DNNL_VERSION_MAJOR >= 3
  return {engine, source, weights, destination};
#else
  return {dnnl::matmul::desc(source, weights, destination), engine};
#endif
}

Contender matmul(Operands& o) {
  const Shape& s = o.shape;
  const bool constant_weights = s.role == Role::kForward || s.role == Role::kInputGradient;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const auto primitive =
      describe(engine, plain(s.m, s.k, s.trans_a), constant_weights ? of_its_choice(s) : plain(s.k, s.n, s.trans_b),
               plain(s.m, s.n, false));
  memory source(primitive.src_desc(), engine, o.a.data()), destination(primitive.dst_desc(), engine, o.c.data());
  memory weights(plain(s.k, s.n, s.trans_b), engine, o.b.data());
  if (primitive.weights_desc() != weights.get_desc()) {
    memory packed(primitive.weights_desc(), engine);
    dnnl::reorder(weights, packed).execute(stream, weights, packed);
    stream.wait();
    weights = packed;
  }
  const dnnl::matmul product(primitive);
  const std::unordered_map<int, memory> arguments{
      {DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, destination}};
  const auto run = [product, stream, arguments]() mutable {
    product.execute(stream, arguments);
    stream.wait();
  };
  return {constant_weights ? "oneDNN matmul, packed" : "oneDNN matmul", false, run, run};
}

}  // namespace

std::vector<Contender> onednn(Operands& o, std::size_t threads) {
  omp_set_num_threads(static_cast<int>(threads));
  const Shape& s = o.shape;
  const auto dim = [](std::size_t size) { return static_cast<dnnl_dim_t>(size); };
  const auto run = [&o, s, dim] {
    const dnnl_status_t status =
        dnnl_sgemm(s.trans_a ? 'T' : 'N', s.trans_b ? 'T' : 'N', dim(s.m), dim(s.n), dim(s.k), 1.0f, o.a.data(),
                   dim(s.trans_a ? s.m : s.k), o.b.data(), dim(s.trans_b ? s.k : s.n), 0.0f, o.c.data(), dim(s.n));
    if (status != dnnl_success) throw std::runtime_error("dnnl_sgemm failed");
  };
  return {{"oneDNN sgemm", false, run, run}, matmul(o)};
}

std::string onednn_version() {
  const dnnl_version_t& version = *dnnl_version();
  return std::to_string(version.major) + "." + std::to_string(version.minor) + "." + std::to_string(version.patch);
}

}  // namespace lanewise::bench
