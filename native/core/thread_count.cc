#include "thread_count.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <set>
#include <string_view>
#include <thread>

#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <sched.h>
#endif

namespace lanewise::core {
namespace {

// By C's functions: streams of C++ bring all locales along, a sixth of the addon where it is linked to their library.
std::optional<std::string> read_file(const std::string& file) {
  std::FILE* const stream = std::fopen(file.c_str(), "r");
  if (stream == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece;
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), stream)) text.append(piece.data(), size);
  std::fclose(stream);
  return text;
}

// What stands before the next `separator`, which is taken off `text` with it.
std::string_view next_part(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<std::string> read_line(const std::string& file) {
  const std::optional<std::string> text = read_file(file);
  if (!text || text->empty()) return std::nullopt;
  return text->substr(0, text->find('\n'));
}

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The first line of a small file, in `buffer`; empty without a file.
std::string_view first_line(const std::string& file, std::array<char, 128>& buffer) noexcept {
  std::FILE* const stream = std::fopen(file.c_str(), "r");
  if (stream == nullptr) return {};
  const std::size_t size = std::fread(buffer.data(), 1, buffer.size(), stream);
  std::fclose(stream);
  const std::string_view text(buffer.data(), size);
  return text.substr(0, text.find('\n'));
}

// The groups of a path, from its end up to the mount point: "/a/b", "/a", "". Inside a container the path may name
// groups that only the host sees; those files are missing, and the container's own limit is found at the mount point.
std::vector<std::string> groups_above(std::string group) {
  std::vector<std::string> groups;
  if (group.find("..") != std::string::npos) group = "/";  // a group outside this cgroup namespace
  for (;;) {
    if (group == "/") group.clear();
    groups.push_back(group);
    if (group.empty()) return groups;
    group.erase(group.rfind('/'));
  }
}

bool has_controller(std::string_view controllers, std::string_view name) {
  while (!controllers.empty()) {
    if (next_part(controllers, ',') == name) return true;
  }
  return false;
}

std::string plural(std::size_t n, const std::string& noun) {
  return std::to_string(n) + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

std::optional<std::vector<std::size_t>> parse_cpu_list(const std::string& text) {
  std::set<std::size_t> cpus;
  for (std::string_view ranges = text; !ranges.empty();) {
    const std::string_view range = next_part(ranges, ',');
    const std::size_t dash = range.find('-');
    const auto first = parse_number<std::size_t>(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_number<std::size_t>(range.substr(dash + 1));
    if (!first || !last || *last < *first || *last >= 65536) return std::nullopt;
    for (std::size_t cpu = *first; cpu <= *last; ++cpu) cpus.insert(cpu);
  }
  if (cpus.empty()) return std::nullopt;
  return std::vector<std::size_t>(cpus.begin(), cpus.end());
}

std::vector<QuotaFiles> quota_files(const std::string& root) {
  const std::string groups = read_file(root + "/proc/self/cgroup").value_or("");
  std::vector<QuotaFiles> found;
  const auto consider = [&](const std::string& folder, const char* quota, const char* period) {
    const std::string below = root + folder + "/";
    if (!read_file(below + quota)) return;
    found.push_back({below + quota, period == nullptr ? "" : below + period});
  };
  for (std::string_view lines = groups; !lines.empty();) {
    std::string_view path = next_part(lines, '\n');  // hierarchy-ID:controllers:path
    next_part(path, ':');
    const std::string_view controllers = next_part(path, ':');
    if (!path.starts_with('/')) continue;
    const bool v2 = controllers.empty();
    if (!v2 && !has_controller(controllers, "cpu")) continue;
    for (const std::string& group : groups_above(std::string(path))) {
      if (v2) {
        consider("/sys/fs/cgroup" + group, "cpu.max", nullptr);
        continue;
      }
      for (const char* mount : {"/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup/cpuacct,cpu", "/sys/fs/cgroup/cpu"}) {
        consider(mount + group, "cpu.cfs_quota_us", "cpu.cfs_period_us");
      }
    }
  }
  return found;
}

std::optional<double> read_quota(const QuotaFiles& files) noexcept {
  std::array<char, 128> buffer, other;
  std::string_view quota = first_line(files.quota, buffer), period;
  if (files.period.empty()) {  // "<quota or max> <period>"
    const std::size_t space = std::min(quota.find(' '), quota.size());
    period = quota.substr(std::min(space + 1, quota.size()));
    quota = quota.substr(0, space);
  } else {
    period = first_line(files.period, other);
  }
  const auto us = parse_number<long long>(quota), of = parse_number<long long>(period);
  if (!us || !of || *us <= 0 || *of <= 0) return std::nullopt;  // "max" and -1: no limit
  return static_cast<double>(*us) / static_cast<double>(*of);
}

std::optional<Quota> cgroup_quota(const std::string& root) {
  std::optional<Quota> smallest;
  for (const QuotaFiles& files : quota_files(root)) {
    const auto cpus = read_quota(files);
    if (!cpus || (smallest && *cpus >= smallest->cpus)) continue;
    smallest = Quota{*cpus, files.quota.substr(root.size())};
  }
  return smallest;
}

std::vector<std::size_t> allowed_cpus(const std::string& root) {
  for (const char* file : {"/proc/thread-self/status", "/proc/self/status"}) {
    const std::string status = read_file(root + file).value_or("");
    for (std::string_view lines = status; !lines.empty();) {
      constexpr std::string_view kKey = "Cpus_allowed_list:";
      const std::string_view line = next_part(lines, '\n');
      if (!line.starts_with(kKey)) continue;
      const std::size_t start = std::min(line.find_first_not_of(" \t", kKey.size()), line.size());
      const auto cpus = parse_cpu_list(std::string(line.substr(start)));
      if (cpus) return *cpus;
    }
  }
  return {};
}

std::size_t physical_cores(const std::string& root, const std::vector<std::size_t>& cpus) {
  std::set<std::string> cores;
  for (const std::size_t cpu : cpus) {
    const std::string topology = root + "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
    auto siblings = read_line(topology + "core_cpus_list");
    if (!siblings) siblings = read_line(topology + "thread_siblings_list");  // its name before Linux 5.3
    if (!siblings) return 0;
    cores.insert(*siblings);
  }
  return cores.size();
}

ThreadCount detect_thread_count(const std::string& root) {
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
    std::array<char, 32> cpus_text;
    std::snprintf(cpus_text.data(), cpus_text.size(), "%g", quota->cpus);
    explanation += ", and the cgroup quota in " + quota->file + " is " + cpus_text.data() + " CPUs";
    const double whole = std::max(1.0, std::floor(quota->cpus));
    if (whole < static_cast<double>(count)) {
      count = static_cast<std::size_t>(whole);
      if (whole != quota->cpus) explanation += quota->cpus < 1 ? ", where 1 is the least" : ", rounded down";
    }
  }
  return {count, explanation};
}

namespace {

// What stays for the life of the process. Made where running out of memory can be told.
struct Machine {
  ThreadCount threads = detect_thread_count("");
  std::vector<QuotaFiles> quotas = quota_files("");
};
std::atomic<const Machine*> machine{nullptr};

}  // namespace

const ThreadCount& default_thread_count() {
  static const Machine* const found = new Machine();
  machine.store(found, std::memory_order_release);
  return found->threads;
}

int cpu_now() noexcept {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

std::size_t mask_now() noexcept {
#if defined(__linux__)
  cpu_set_t mask;
  // Fails where there are more CPUs than the set holds.
  if (sched_getaffinity(0, sizeof(mask), &mask) == 0) return static_cast<std::size_t>(CPU_COUNT(&mask));
#endif
  return std::numeric_limits<std::size_t>::max();
}

std::size_t quota_now() noexcept {
  const Machine* const known = machine.load(std::memory_order_acquire);
  if (known == nullptr) return std::numeric_limits<std::size_t>::max();
  double least = std::numeric_limits<double>::infinity();
  for (const QuotaFiles& each : known->quotas) least = std::min(least, std::ceil(read_quota(each).value_or(least)));
  return least < 65536.0 ? static_cast<std::size_t>(least) : std::numeric_limits<std::size_t>::max();
}

}  // namespace lanewise::core
