// Matrix products against OpenBLAS and oneDNN: see README.md.
#include <getopt.h>
#include <signal.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <map>
#include <string>

#include "../core/thread_count.h"
#include "../core/thread_pool.h"
#include "../kernels/select.h"
#include "report.h"

namespace lanewise::bench {
namespace {

volatile std::sig_atomic_t interrupted = 0;

constexpr const char* kHelp =
    "Times matrix products of lanewise, OpenBLAS and oneDNN, interleaved.\n"
    "  --filter TEXT     only products whose name contains it: 'forward', 1024x256x784, 'weight gradient', nt, ...\n"
    "  --batch N         only products of the network's step at this batch size\n"
    "  --threads LIST    such as 1 or 1,2; default: one, and as many as the library would use\n"
    "  --isa NAME        the kernels to time; default: the widest of this processor\n"
    "  --rounds N        turns of each contender; default 15\n"
    "  --quick           three short rounds: a look, not a measurement\n"
    "  --json FILE       the rows and targets as JSON too\n";

struct Options {
  std::string filter, json;
  std::size_t batch = 0;
  std::vector<std::size_t> threads{1};
  const kernels::KernelTable* kernels = kernels::available().back();
  Pace pace{15, 0.01};
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "%s\n%s", why.c_str(), kHelp);
  std::exit(2);
}

std::size_t positive(const std::string& option, const std::string& text, std::size_t most) {
  const bool digits =
      !text.empty() && text.size() < 7 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const std::size_t value = digits ? std::stoul(text) : 0;
  if (value < 1 || value > most) refuse(option + ": expected from 1 to " + std::to_string(most) + ", got " + text);
  return value;
}

std::vector<std::size_t> thread_list(const std::string& text) {
  std::vector<std::size_t> counts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    counts.push_back(positive("--threads", text.substr(at, comma - at), core::ThreadPool::kMaxThreads));
    at = comma + 1;
  }
  return counts;
}

Options parse(int count, char** arguments) {
  Options options;
  const std::size_t all = core::default_thread_count().count;
  if (all > 1) options.threads.push_back(all);
  const option known[] = {{"filter", required_argument, nullptr, 'f'},
                          {"batch", required_argument, nullptr, 'b'},
                          {"threads", required_argument, nullptr, 't'},
                          {"isa", required_argument, nullptr, 'i'},
                          {"rounds", required_argument, nullptr, 'r'},
                          {"quick", no_argument, nullptr, 'q'},
                          {"json", required_argument, nullptr, 'j'},
                          {"help", no_argument, nullptr, 'h'},
                          {nullptr, 0, nullptr, 0}};
  for (int c; (c = getopt_long(count, arguments, "", known, nullptr)) != -1;) {
    const std::string value = optarg == nullptr ? "" : optarg;
    if (c == 'f') options.filter = value;
    if (c == 'b') options.batch = positive("--batch", value, 1024);
    if (c == 't') options.threads = thread_list(value);
    if (c == 'r') options.pace.rounds = positive("--rounds", value, 100000);
    if (c == 'q') options.pace = {3, 0.003};
    if (c == 'j') options.json = value;
    if (c == 'i' && (options.kernels = kernels::find(value)) == nullptr) refuse("--isa: not on this machine: " + value);
    if (c == '?') refuse("");
    if (c == 'h') {
      std::fputs(kHelp, stdout);
      std::exit(0);
    }
  }
  if (optind < count) refuse(std::string("unknown argument ") + arguments[optind]);
  return options;
}

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  }
  return "a processor that does not say its name";
}

Setting setting_of(const Options& options) {
  Setting setting{cpu_name(), options.kernels->name, {}, {}};
#if defined(LANEWISE_BENCH_OPENBLAS)
  setting.libraries.push_back(openblas_version());
#else
  setting.missing.push_back("OpenBLAS (apt-get install libopenblas-dev, then configure again)");
#endif
#if defined(LANEWISE_BENCH_ONEDNN)
  setting.libraries.push_back("oneDNN " + onednn_version());
#else
  setting.missing.push_back("oneDNN (apt-get install libdnnl-dev, then configure again)");
#endif
  return setting;
}

bool wanted(const Options& options, const Shape& shape) {
  return (options.batch == 0 || shape.batch == options.batch) && shape.name().find(options.filter) != std::string::npos;
}

// One peak for each number of threads: the highest of the run, since a busy moment can only make it look lower.
void share_peaks(std::span<Measurement> measurements) {
  std::map<std::size_t, double> peaks;
  for (const Measurement& m : measurements) peaks[m.threads] = std::max(peaks[m.threads], m.peak_gflops);
  for (Measurement& m : measurements) m.peak_gflops = peaks[m.threads];
}

int run(const Options& options) {
  std::FILE* json = nullptr;
  if (!options.json.empty() && (json = std::fopen(options.json.c_str(), "w")) == nullptr) {
    refuse("--json: cannot write " + options.json);
  }
  const Setting setting = setting_of(options);
  print_head(setting);
  std::vector<Shape> shapes = all_shapes();
  std::erase_if(shapes, [&](const Shape& shape) { return !wanted(options, shape); });
  if (shapes.empty()) refuse("no product fits");
  std::vector<Measurement> measurements;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Operands operands(shapes[i]);
    for (const std::size_t threads : options.threads) {
      std::fprintf(stderr, "%zu of %zu: %s, threads %zu\n", i + 1, shapes.size(), shapes[i].name().c_str(), threads);
      Measurement measured =
          measure(*options.kernels, operands, threads, options.pace, [] { return interrupted != 0; });
      if (measured.timings.front().seconds.empty()) break;  // interrupted before its first round
      for (Contender& contender : measured.contenders)
        contender.run = contender.product = nullptr;  // their operands go
      measurements.push_back(std::move(measured));
    }
    if (interrupted != 0) break;
  }
  share_peaks(measurements);
  print_rows(measurements);
  const std::vector<Target> targets = check_targets(setting, measurements);
  print_targets(targets);
  if (json != nullptr) {
    write_json(json, setting, measurements, targets);
    std::fclose(json);
  }
  return interrupted != 0 ? 130 : 0;
}

}  // namespace
}  // namespace lanewise::bench

int main(int count, char** arguments) {
  struct sigaction action{};
  action.sa_handler = [](int) { lanewise::bench::interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second one ends it at once
  sigaction(SIGINT, &action, nullptr);
  try {
    return lanewise::bench::run(lanewise::bench::parse(count, arguments));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
