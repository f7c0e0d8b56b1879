#include "thread_count.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <thread>

#if defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace lanewise::core {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> read_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) return std::nullopt;
  return line;
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> ratio(std::optional<long long> quota, std::optional<long long> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;  // "max" and -1: no limit
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// Version 2: one line "<quota or max> <period>".
std::optional<Quota> quota_v2(const fs::path& root, const std::string& group) {
  const std::string file = group + "/cpu.max";
  std::istringstream words(read_line(root / file.substr(1)).value_or(""));
  std::string quota, period;
  words >> quota >> period;
  const auto cpus = ratio(parse_number<long long>(quota), parse_number<long long>(period));
  if (!cpus) return std::nullopt;
  return Quota{*cpus, file};
}

// Version 1: two files, and -1 for no limit.
std::optional<Quota> quota_v1(const fs::path& root, const std::string& group) {
  const std::string file = group + "/cpu.cfs_quota_us";
  const auto number = [&](const std::string& path) {
    return parse_number<long long>(read_line(root / path.substr(1)).value_or(""));
  };
  const auto cpus = ratio(number(file), number(group + "/cpu.cfs_period_us"));
  if (!cpus) return std::nullopt;
  return Quota{*cpus, file};
}

using QuotaOf = std::optional<Quota> (*)(const fs::path&, const std::string&);

// The smallest quota of a group and of those above it. Inside a container the path may name groups that only the host
// sees; those files are missing and count as no limit, and the container's own limit is found at the mount point.
std::optional<Quota> smallest_quota(const fs::path& root, const std::string& mount, std::string group,
                                    QuotaOf quota_of) {
  std::optional<Quota> smallest;
  if (group.find("..") != std::string::npos) group = "/";  // a group outside this cgroup namespace
  for (;;) {
    if (group == "/") group.clear();
    const auto quota = quota_of(root, mount + group);
    if (quota && (!smallest || quota->cpus < smallest->cpus)) smallest = quota;
    if (group.empty()) return smallest;
    group.erase(group.rfind('/'));
  }
}

bool has_controller(std::string_view controllers, std::string_view name) {
  while (!controllers.empty()) {
    const std::size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == name) return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

std::string plural(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::optional<std::vector<std::size_t>> parse_cpu_list(const std::string& text) {
  std::set<std::size_t> cpus;
  std::istringstream ranges(text);
  for (std::string range; std::getline(ranges, range, ',');) {
    const std::size_t dash = range.find('-');
    const auto first = parse_number<std::size_t>(std::string_view(range).substr(0, dash));
    const auto last =
        dash == std::string::npos ? first : parse_number<std::size_t>(std::string_view(range).substr(dash + 1));
    if (!first || !last || *last < *first || *last >= 65536) return std::nullopt;
    for (std::size_t cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
  }
  if (cpus.empty()) return std::nullopt;
  return std::vector<std::size_t>(cpus.begin(), cpus.end());
}

std::optional<Quota> cgroup_quota(const fs::path& root) {
  std::ifstream groups(root / "proc/self/cgroup");
  std::optional<Quota> smallest;
  const auto consider = [&](std::optional<Quota> quota) {
    if (quota && (!smallest || quota->cpus < smallest->cpus)) smallest = std::move(quota);
  };
  for (std::string line; std::getline(groups, line);) {  // hierarchy-ID:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos || line.compare(second + 1, 1, "/") != 0) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string group = line.substr(second + 1);
    if (controllers.empty()) {
      consider(smallest_quota(root, "/sys/fs/cgroup", group, quota_v2));
    } else if (has_controller(controllers, "cpu")) {
      for (const char* mount : {"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpuacct,cpu", "/sys/fs/cgroup/cpu"}) {
        consider(smallest_quota(root, mount, group, quota_v1));
      }
    }
  }
  return smallest;
}

std::vector<std::size_t> allowed_cpus(const fs::path& root) {
  for (const char* file : {"proc/thread-self/status", "proc/self/status"}) {
    std::ifstream status(root / file);
    for (std::string line; std::getline(status, line);) {
      constexpr std::string_view kKey = "Cpus_allowed_list:";
      if (!line.starts_with(kKey)) continue;
      const std::size_t start = line.find_first_not_of(" \t", kKey.size());
      const auto cpus = parse_cpu_list(start == std::string::npos ? "" : line.substr(start));
      if (cpus) return *cpus;
    }
  }
  return {};
}

std::size_t physical_cores(const fs::path& root, const std::vector<std::size_t>& cpus) {
  std::set<std::string> cores;
  for (const std::size_t cpu : cpus) {
    const fs::path topology = root / "sys/devices/system/cpu" / ("cpu" + std::to_string(cpu)) / "topology";
    auto siblings = read_line(topology / "core_cpus_list");
    if (!siblings) siblings = read_line(topology / "thread_siblings_list");  // its name before Linux 5.3
    if (!siblings) return 0;
    cores.insert(*siblings);
  }
  return cores.size();
}

ThreadCount detect_thread_count(const fs::path& root) {
  const std::vector<std::size_t> cpus = allowed_cpus(root);
  if (cpus.empty()) {
    std::size_t count = std::max(1u, std::thread::hardware_concurrency());
    std::string explanation = "the system reports " + plural(count, "processor");
#if defined(__APPLE__)
    int cores = 0;
    std::size_t size = sizeof(cores);
    if (sysctlbyname("hw.physicalcpu", &cores, &size, nullptr, 0) == 0 && cores > 0) {
      count = static_cast<std::size_t>(cores);
      explanation = "the system reports " + plural(count, "physical core");
    }
#endif
    return {count, explanation};
  }

  std::size_t count = cpus.size();
  std::string explanation = "the affinity mask allows " + plural(count, "CPU");
  const std::size_t cores = physical_cores(root, cpus);
  if (cores != 0 && cores < count) {
    count = cores;
    explanation += ", which share " + plural(cores, "physical core");
  }
  if (const auto quota = cgroup_quota(root)) {
    std::ostringstream text;
    text << ", and the cgroup quota in " << quota->file << " is " << quota->cpus << " CPUs";
    const double whole = std::max(1.0, std::floor(quota->cpus));
    if (whole < static_cast<double>(count)) {
      count = static_cast<std::size_t>(whole);
      if (whole != quota->cpus) text << (quota->cpus < 1 ? ", where 1 is the least" : ", rounded down");
    }
    explanation += text.str();
  }
  return {count, explanation};
}

const ThreadCount& default_thread_count() {
  static const ThreadCount* const found = new ThreadCount(detect_thread_count("/"));
  return *found;
}

}  // namespace lanewise::core
