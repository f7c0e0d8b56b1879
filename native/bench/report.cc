#include "report.h"

#include <algorithm>
#include <map>
#include <optional>

namespace lanewise::bench {
namespace {

double gflops(const Measurement& m, double seconds) { return m.shape.flops() / seconds / 1e9; }
double percent(const Measurement& m, double seconds) { return 100.0 * gflops(m, seconds) / m.peak_gflops; }

// The fastest of ours or of the others, by median.
std::optional<std::size_t> fastest(const Measurement& m, bool ours) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < m.contenders.size(); ++i) {
    if (m.contenders[i].ours != ours) continue;
    if (!best || m.timings[i].median() < m.timings[*best].median()) best = i;
  }
  return best;
}

std::string threads_of(const Measurement& m) {
  return std::to_string(m.threads) + (m.threads == 1 ? " thread" : " threads");
}

Target share_of_peak(const Measurement& m, const std::string& contender, double least) {
  std::size_t i = 0;
  while (m.contenders[i].name != contender) ++i;
  const Timing& t = m.timings[i];
  return {m.shape.name() + ", " + contender + ", share of the FMA peak, " + threads_of(m),
          percent(m, t.median()),
          percent(m, t.at(0.9)),
          percent(m, t.at(0.1)),
          least,
          " %"};
}

// Round by round, since the machine's speed changes between rounds.
std::optional<Target> over_the_others(const Measurement& m) {
  const auto ours = fastest(m, true), theirs = fastest(m, false);
  if (!theirs) return std::nullopt;
  std::vector<double> ratios;
  for (std::size_t r = 0; r < m.timings[*ours].round_seconds.size(); ++r) {
    ratios.push_back(m.timings[*theirs].round_seconds[r] / m.timings[*ours].round_seconds[r]);
  }
  const std::string what = m.shape.name() + ", time of " + m.contenders[*theirs].name + " over that of " +
                           m.contenders[*ours].name + ", " + threads_of(m);
  return Target{what, quantile(ratios, 0.5), quantile(ratios, 0.1), quantile(ratios, 0.9), 1.0, "x"};
}

// A text as JSON.
std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

void write_list(std::FILE* file, const char* name, std::span<const std::string> texts) {
  std::fprintf(file, "  \"%s\": [", name);
  for (std::size_t i = 0; i < texts.size(); ++i)
    std::fprintf(file, "%s%s", i == 0 ? "" : ", ", quoted(texts[i]).c_str());
  std::fprintf(file, "],\n");
}

}  // namespace

void print_head(const Setting& setting) {
  std::printf("%s, kernels of %s\n", setting.cpu.c_str(), setting.isa.c_str());
  for (const std::string& library : setting.libraries) std::printf("against %s\n", library.c_str());
  for (const std::string& missing : setting.missing) std::printf("skipped: %s\n", missing.c_str());
  std::printf("\n");
}

void print_rows(std::span<const Measurement> measurements) {
  std::printf("%-32s %7s %-22s %10s %19s %8s %7s %7s\n", "product (m x n x k)", "threads", "contender", "median us",
              "p10-p90 us", "GFLOP/s", "% peak", "best 5%");
  for (const Measurement& m : measurements) {
    for (std::size_t i = 0; i < m.contenders.size(); ++i) {
      const Timing& t = m.timings[i];
      char range[40];
      std::snprintf(range, sizeof(range), "%.2f-%.2f", t.at(0.1) * 1e6, t.at(0.9) * 1e6);
      std::printf("%-32s %7zu %-22s %10.2f %19s %8.1f %7.1f %7.1f\n", m.shape.name().c_str(), m.threads,
                  m.contenders[i].name.c_str(), t.median() * 1e6, range, gflops(m, t.median()), percent(m, t.median()),
                  percent(m, t.at(0.05)));
    }
  }
  std::map<std::size_t, double> peaks;
  for (const Measurement& m : measurements) peaks[m.threads] = m.peak_gflops;
  for (const auto& [threads, gflops] : peaks) std::printf("FMA peak, threads %zu: %.1f GFLOP/s\n", threads, gflops);
}

std::vector<Target> check_targets(const Setting& setting, std::span<const Measurement> measurements) {
  std::vector<Target> targets;
  for (const Measurement& m : measurements) {
    const Shape& s = m.shape;
    if (setting.isa == "avx2" && m.threads == 1) {
      if (s.role == Role::kForward && s.n == 256 && s.k == 784) {
        targets.push_back(share_of_peak(m, "lanewise panels", 93));
      }
      if (s.role == Role::kCube && s.m == 1024) targets.push_back(share_of_peak(m, "lanewise rows", 90));
    }
  }
  for (const Measurement& m : measurements) {
    if (m.shape.batch == 0) continue;
    if (const auto target = over_the_others(m)) targets.push_back(*target);
  }
  return targets;
}

void print_targets(std::span<const Target> targets) {
  std::size_t reached = 0;
  std::printf("\nwhat it must reach: median (p10-p90)\n");
  for (const Target& t : targets) {
    std::printf("%-110s %6.*f%s (%.*f-%.*f)  >= %g%s  %s\n", t.what.c_str(), t.least < 10 ? 2 : 1, t.value, t.unit,
                t.least < 10 ? 2 : 1, t.low, t.least < 10 ? 2 : 1, t.high, t.least, t.unit,
                t.reached() ? "reached" : "short");
    reached += t.reached();
  }
  std::printf("%zu of %zu reached\n", reached, targets.size());
}

void write_json(std::FILE* file, const Setting& setting, std::span<const Measurement> measurements,
                std::span<const Target> targets) {
  std::fprintf(file, "{\n  \"cpu\": %s,\n  \"isa\": %s,\n", quoted(setting.cpu).c_str(), quoted(setting.isa).c_str());
  write_list(file, "libraries", setting.libraries);
  write_list(file, "missing", setting.missing);
  std::fprintf(file, "  \"rows\": [");
  const char* separator = "\n";
  for (const Measurement& m : measurements) {
    for (std::size_t i = 0; i < m.contenders.size(); ++i) {
      const Timing& t = m.timings[i];
      std::fprintf(file,
                   "%s    {\"product\": %s, \"batch\": %zu, \"threads\": %zu, \"contender\": %s, \"medianMs\": %.6g, "
                   "\"p5Ms\": %.6g, \"p10Ms\": %.6g, \"p90Ms\": %.6g, \"samples\": %zu, \"gflops\": %.5g, "
                   "\"peakGflops\": %.5g, \"percentOfPeak\": %.4g}",
                   separator, quoted(m.shape.name()).c_str(), m.shape.batch, m.threads,
                   quoted(m.contenders[i].name).c_str(), t.median() * 1e3, t.at(0.05) * 1e3, t.at(0.1) * 1e3,
                   t.at(0.9) * 1e3, t.seconds.size(), gflops(m, t.median()), m.peak_gflops, percent(m, t.median()));
      separator = ",\n";
    }
  }
  std::fprintf(file, "\n  ],\n  \"targets\": [");
  separator = "\n";
  for (const Target& t : targets) {
    std::fprintf(file,
                 "%s    {\"what\": %s, \"value\": %.5g, \"p10\": %.5g, \"p90\": %.5g, \"least\": %g, \"reached\": %s}",
                 separator, quoted(t.what).c_str(), t.value, t.low, t.high, t.least, t.reached() ? "true" : "false");
    separator = ",\n";
  }
  std::fprintf(file, "\n  ]\n}\n");
}

}  // namespace lanewise::bench
