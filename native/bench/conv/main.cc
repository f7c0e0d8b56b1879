// Convolutional layers, in percent of the FMA peak that is measured between their turns: see ../README.md.
#include <getopt.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <span>

#include "../../core/aligned.h"
#include "../../core/denormals.h"
#include "../../core/thread_pool.h"
#include "../../kernels/select.h"
#include "../../ops/conv_geometry.h"
#include "../../ops/ops.h"
#include "../../ops/pointwise_program.h"
#include "../fma_peak.h"
#include "layers.h"
#include "peer.h"

namespace lanewise::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kHelp =
    "Times convolutional layers, channels last: forward, with ReLU and pool, gradient for the input, for weight and "
    "bias.\n"
    "  --filter TEXT     only layers whose name contains it\n"
    "  --pass NAME       forward, pool (forward, ReLU and a 2x2 max pool), input or weight\n"
    "  --isa NAME        the kernels to time; default: the widest of this processor\n"
    "  --threads N       default 1\n"
    "  --rounds N        turns of each; default 9\n"
    "  --channels-first  operands as eager functions have them\n"
    "  --pack            weights are packed at each call, as in training; else ahead, as oneDNN's are\n";

struct Options {
  std::string filter, pass;
  const kernels::KernelTable* kernels = kernels::available().back();
  std::size_t threads = 1, rounds = 9;
  bool channels_last = true;
  bool packs = false;
};

// As programs and tensors have it: on the boundary of a cache line.
using Numbers = core::AlignedBuffer<float>;

std::span<float> all(Numbers& of) { return {of.data(), of.size()}; }
std::span<const float> all(const Numbers& of) { return {of.data(), of.size()}; }

Numbers numbers(std::size_t n) {
  Numbers result(n);
  std::minstd_rand random(1);
  std::uniform_real_distribution<float> uniform(-1.0f, 1.0f);
  for (float& x : all(result)) x = uniform(random);
  return result;
}

// A pointwise program: one input, one node, its result the output.
const std::vector<double> kRelu{1, 0, 0, 0, 1, 1, static_cast<double>(ops::Node::relu), 0, 0, 0, 0, 1};

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values.empty() ? 0.0 : values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1) + 0.5)];
}

struct Pass {
  std::string name;
  double target;
  double bytes;
  std::function<void()> run, peer;
};

double time_one(const std::function<void()>& run, std::size_t calls) {
  const auto start = Clock::now();
  for (std::size_t i = 0; i < calls; ++i) run();
  return std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(calls);
}

// About 10 ms of samples of at least 50 us.
void take_turn(const std::function<void()>& run, std::vector<double>& samples) {
  const double one = std::min(time_one(run, 1), time_one(run, 1));
  const std::size_t calls = static_cast<std::size_t>(50e-6 / one) + 1;
  const auto start = Clock::now();
  do {
    samples.push_back(time_one(run, calls));
  } while (std::chrono::duration<double>(Clock::now() - start).count() < 0.01);
}

// The highest peak of the run counts for all its rows: a busy moment makes one look low.
double peak = 0;

void report(const Layer& layer, const Pass& pass, const Options& options, double flops) {
  const FmaChains* const chains = find_fma_chains(options.kernels->name);
  std::vector<double> ours, theirs;
  for (std::size_t round = 0; round < options.rounds; ++round) {
    if (chains != nullptr) peak = std::max(peak, fma_peak(*chains, options.threads, 0.003));
    take_turn(pass.run, ours);
    if (pass.peer) take_turn(pass.peer, theirs);
  }
  const double best = quantile(ours, 0.1), median = quantile(ours, 0.5);
  const auto percent = [&](double seconds) { return flops / seconds / peak / 1e7; };
  std::printf("%-24s %-8s %9.1f us  %9.1f  ", layer.name.c_str(), pass.name.c_str(), best * 1e6, median * 1e6);
  if (layer.bandwidth) {
    std::printf("%5.1f GB/s %5.1f", pass.bytes / best / 1e9, pass.bytes / median / 1e9);
  } else {
    std::printf("%5.1f %%    %5.1f", percent(best), percent(median));
  }
  const double reached = layer.bandwidth ? pass.bytes / best / 1e9 : percent(best);
  if (pass.target != 0) std::printf("  of %3.0f %s", pass.target, reached >= pass.target ? "reached" : "short");
  if (!theirs.empty()) {
    std::printf("  %5.2f x oneDNN, %.2f at p10", quantile(theirs, 0.5) / median, quantile(theirs, 0.1) / best);
  }
  std::printf("\n");
  std::fflush(stdout);
}

void time_layer(const Layer& layer, const Options& options) {
  const std::vector<double> geometry = layer.geometry();
  const ops::ConvGeometry g = ops::decode_geometry("bench", geometry);
  const Numbers x = numbers(g.in_size()), weight = numbers(g.weight_size()), bias = numbers(g.out_channels);
  const Numbers grad = numbers(g.out_size());
  Numbers out(g.out_size()), x_grad(g.in_size()), w_grad(g.weight_size()), b_grad(g.out_channels);
  const ops::Context context{*options.kernels, core::ThreadPool::instance(), options.threads};
  const bool last = options.channels_last;
  const double moved = 4.0 * static_cast<double>(g.in_size() + g.out_size());
  const double flops = 2.0 * static_cast<double>(g.batch * g.image_work());
  const std::unique_ptr<Peer> peer =
      make_peer(layer, x.data(), weight.data(), bias.data(), grad.data(), options.threads);
  // As an instruction of a program that does not change the weight.
  ops::KeptWeight forward, input_gradient;
  forward.expect(1);
  input_gradient.expect(1);
  const auto weight_of = [&](ops::KeptWeight& kept) {
    return ops::KeepableWeight(all(weight), options.packs ? nullptr : &kept);
  };
  Numbers pooled(g.out_size());
  core::AlignedBuffer<std::int32_t> index(g.out_size());
  const std::vector<double> windows = layer.windows();
  const std::size_t pooled_size = layer.pooled_size();
  const Pass passes[] = {
      {"forward", layer.forward, moved,
       [&] { ops::conv(context, all(x), weight_of(forward), all(bias), all(out), geometry, last, last); },
       forward_of(peer.get())},
      {"pool", 0, moved,
       [&] {
         ops::convMaxPool(context, all(x), weight_of(forward), all(bias), {pooled.data(), pooled_size},
                          ops::IndexOut(index.data(), pooled_size), geometry, windows, last, true,
                          ops::decoded_program(kRelu), {}, {}, {}, {}, 0);
       },
       forward_of(peer.get())},
      {"input", layer.input_gradient, moved,
       [&] {
         ops::convInputGradient(context, all(grad), weight_of(input_gradient), std::nullopt, all(x_grad), geometry,
                                last, last);
       },
       input_gradient_of(peer.get())},
      {"weight", layer.weight_gradient, moved,
       [&] { ops::convWeightGradient(context, all(grad), all(x), all(w_grad), all(b_grad), geometry, last, last); },
       weight_gradient_of(peer.get())},
  };
  for (const Pass& pass : passes) {
    if (pass.name == "pool" && windows.empty()) continue;
    if (options.pass.empty() || options.pass == pass.name) report(layer, pass, options, flops);
  }
}

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "%s\n%s", why.c_str(), kHelp);
  std::exit(2);
}

std::size_t positive(const char* text) {
  const long value = std::strtol(text, nullptr, 10);
  if (value < 1 || value > 1000) refuse(std::string("expected from 1 to 1000, got ") + text);
  return static_cast<std::size_t>(value);
}

Options read(int count, char** arguments) {
  static const option kLong[] = {{"filter", 1, nullptr, 'f'}, {"pass", 1, nullptr, 'p'},
                                 {"isa", 1, nullptr, 'i'},    {"threads", 1, nullptr, 't'},
                                 {"rounds", 1, nullptr, 'r'}, {"channels-first", 0, nullptr, 'c'},
                                 {"pack", 0, nullptr, 'k'},   {nullptr, 0, nullptr, 0}};
  Options options;
  for (int letter; (letter = getopt_long(count, arguments, "", kLong, nullptr)) != -1;) {
    if (letter == 'f') {
      options.filter = optarg;
    } else if (letter == 'p') {
      options.pass = optarg;
    } else if (letter == 't') {
      options.threads = positive(optarg);
    } else if (letter == 'r') {
      options.rounds = positive(optarg);
    } else if (letter == 'c') {
      options.channels_last = false;
    } else if (letter == 'k') {
      options.packs = true;
    } else if (letter == 'i') {
      const auto all = kernels::available();
      const auto found =
          std::ranges::find_if(all, [](const auto* table) { return std::string(table->name) == optarg; });
      if (found == all.end()) refuse(std::string("no such instruction set here: ") + optarg);
      options.kernels = *found;
    } else {
      refuse("");
    }
  }
  return options;
}

}  // namespace
}  // namespace lanewise::bench

int main(int count, char** arguments) {
  using namespace lanewise::bench;
  const Options options = read(count, arguments);
  const lanewise::core::FlushDenormals flush;
  std::printf("%s, %zu thread%s, %s\n%-24s %-8s %9s     %9s  %s\n", options.kernels->name, options.threads,
              options.threads == 1 ? "" : "s", peer_name().c_str(), "layer", "pass", "p10", "median",
              "of the peak at p10, at the median");
  const FmaChains* const chains = find_fma_chains(options.kernels->name);
  if (chains != nullptr) peak = fma_peak(*chains, options.threads, 0.3);
  for (const Layer& layer : all_layers()) {
    if (layer.name.find(options.filter) != std::string::npos) time_layer(layer, options);
  }
}
