// oneDNN's convolutions: images with channels last as ours, weights in the layout that each primitive asks for.
#include <omp.h>

#include <dnnl.hpp>

#include "peer.h"

namespace lanewise::bench {
namespace {

using dnnl::memory;
using Dims = memory::dims;
using Arguments = std::unordered_map<int, memory>;

memory::dim dim(std::size_t n) { return static_cast<memory::dim>(n); }

memory::desc of(const Dims& dims, memory::format_tag tag) { return {dims, memory::data_type::f32, tag}; }

class OneDnn : public Peer {
 public:
  OneDnn(const Layer& l, const float* x, const float* weight, const float* bias, const float* grad)
      : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    const bool flat = l.dims == 1, grouped = l.groups > 1;
    const auto image = [&](std::size_t channels, std::size_t size) {
      return flat ? Dims{dim(l.batch), dim(channels), dim(size)}
                  : Dims{dim(l.batch), dim(channels), dim(size), dim(size)};
    };
    Dims kernel{dim(l.out_channels / l.groups), dim(l.channels / l.groups), dim(l.kernel)};
    if (!flat) kernel.push_back(dim(l.kernel));
    if (grouped) kernel.insert(kernel.begin(), dim(l.groups));
    const std::size_t spatial = flat ? 1 : 2;
    strides_ = Dims(spatial, dim(l.stride));
    padding_ = Dims(spatial, dim(l.padding));
    const auto last = flat ? memory::format_tag::nwc : memory::format_tag::nhwc;
    x_desc_ = of(image(l.channels, l.size), last);
    out_desc_ = of(image(l.out_channels, l.out_size()), last);
    const auto any = of(kernel, memory::format_tag::any);
    const auto b_desc = of({dim(l.out_channels)}, memory::format_tag::x);
    const memory plain(of(kernel, grouped ? (flat ? memory::format_tag::goiw : memory::format_tag::goihw)
                                          : (flat ? memory::format_tag::oiw : memory::format_tag::oihw)),
                       engine_, const_cast<float*>(weight));
    const auto operand = [&](const memory::desc& desc, const float* data) {
      return memory(desc, engine_, const_cast<float*>(data));
    };
    const auto forward = describe_forward(any, b_desc);
    forward_ = dnnl::convolution_forward(forward);
    forward_arguments_ = {{DNNL_ARG_SRC, operand(x_desc_, x)},
                          {DNNL_ARG_WEIGHTS, laid_out(plain, forward.weights_desc())},
                          {DNNL_ARG_BIAS, operand(b_desc, bias)},
                          {DNNL_ARG_DST, memory(out_desc_, engine_)}};
    const auto input = describe_input(any, forward);
    input_ = dnnl::convolution_backward_data(input);
    input_arguments_ = {{DNNL_ARG_DIFF_DST, operand(out_desc_, grad)},
                        {DNNL_ARG_WEIGHTS, laid_out(plain, input.weights_desc())},
                        {DNNL_ARG_DIFF_SRC, memory(x_desc_, engine_)}};
    const auto weights = describe_weights(any, b_desc, forward);
    weights_ = dnnl::convolution_backward_weights(weights);
    weights_arguments_ = {{DNNL_ARG_DIFF_DST, operand(out_desc_, grad)},
                          {DNNL_ARG_SRC, operand(x_desc_, x)},
                          {DNNL_ARG_DIFF_WEIGHTS, memory(weights.diff_weights_desc(), engine_)},
                          {DNNL_ARG_DIFF_BIAS, memory(b_desc, engine_)}};
  }

  void forward() override { execute(forward_, forward_arguments_); }
  void input_gradient() override { execute(input_, input_arguments_); }
  void weight_gradient() override { execute(weights_, weights_arguments_); }

 private:
  static constexpr auto kDirect = dnnl::algorithm::convolution_auto;

  dnnl::convolution_forward::primitive_desc describe_forward(const memory::desc& any, const memory::desc& bias) {
    constexpr auto kKind = dnnl::prop_kind::forward_training;
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, kKind, kDirect, x_desc_, any, bias, out_desc_, strides_, padding_, padding_};
#else
    return {{kKind, kDirect, x_desc_, any, bias, out_desc_, strides_, padding_, padding_}, engine_};
#endif
  }
  dnnl::convolution_backward_data::primitive_desc describe_input(
      const memory::desc& any, const dnnl::convolution_forward::primitive_desc& hint) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, kDirect, x_desc_, any, out_desc_, strides_, padding_, padding_, hint};
#else
    return {{kDirect, x_desc_, any, out_desc_, strides_, padding_, padding_}, engine_, hint};
#endif
  }
  dnnl::convolution_backward_weights::primitive_desc describe_weights(
      const memory::desc& any, const memory::desc& bias, const dnnl::convolution_forward::primitive_desc& hint) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine_, kDirect, x_desc_, any, bias, out_desc_, strides_, padding_, padding_, hint};
#else
    return {{kDirect, x_desc_, any, bias, out_desc_, strides_, padding_, padding_}, engine_, hint};
#endif
  }

  memory laid_out(memory plain, const memory::desc& desc) {
    memory result(desc, engine_);
    dnnl::reorder(plain, result).execute(stream_, plain, result);
    stream_.wait();
    return result;
  }
  void execute(const dnnl::primitive& primitive, const Arguments& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }

  dnnl::engine engine_;
  dnnl::stream stream_;
  Dims strides_, padding_;
  memory::desc x_desc_, out_desc_;
  dnnl::primitive forward_, input_, weights_;
  Arguments forward_arguments_, input_arguments_, weights_arguments_;
};

}  // namespace

std::unique_ptr<Peer> make_peer(const Layer& layer, const float* x, const float* weight, const float* bias,
                                const float* grad, std::size_t threads) {
  omp_set_num_threads(static_cast<int>(threads));
  return std::make_unique<OneDnn>(layer, x, weight, bias, grad);
}

std::string peer_name() {
  const dnnl_version_t& version = *dnnl_version();
  return "oneDNN " + std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch);
}

}  // namespace lanewise::bench
