// How many threads this process may well use, and why that many.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace lanewise::core {

struct ThreadCount {
  std::size_t count;        // at least 1
  std::string explanation;  // an English sentence without its full stop
};

// min(CPUs in the affinity mask, physical cores among them, cgroup quota rounded down), at least 1. Above a quota the
// kernel stops all threads of the group for the rest of each period, and spinning threads spend it fastest; a second
// hardware thread of a core adds nothing to code that keeps the multipliers busy.
// Found once in a process.
const ThreadCount& default_thread_count();

// How many CPUs the affinity mask of this thread allows now, and the cgroup quota rounded up; SIZE_MAX without a limit.
// The quota is read from the files that were there when it was first asked for. Cheap: a system call, and a few short
// files. Neither throws, and neither allocates through operator new once it has answered.
std::size_t mask_now() noexcept;
std::size_t quota_now() noexcept;

// The CPU that this thread runs on at the moment; -1 where the system does not say. A few nanoseconds.
int cpu_now() noexcept;

// The pieces, reading below `root` ("/" but for tests). On systems without /proc they find nothing.

// Online CPUs from a list such as "0-3,8", in ascending order; nothing when the text is no such list.
std::optional<std::vector<std::size_t>> parse_cpu_list(const std::string& text);

// In what follows `root` is what goes before the absolute paths of the system: nothing, but in tests. Strings, since
// std::filesystem brings calls of stat, which binaries for old versions of glibc are better without
// (packaging/README.md).

struct Quota {
  double cpus;
  std::string file;  // where it stands, below the root
};

// Where a quota may be read again and again: in version 2 one file holds both numbers and `period` is empty.
struct QuotaFiles {
  std::string quota, period;
};

// Those that exist for this process's cgroup and the groups above it, below the root.
std::vector<QuotaFiles> quota_files(const std::string& root);

// The quota in CPUs that stands there now; nothing when there is no limit or no file. Does not allocate.
std::optional<double> read_quota(const QuotaFiles& files) noexcept;

// The smallest quota on the way from this process's cgroup up to the root, in version 2 and version 1 hierarchies.
std::optional<Quota> cgroup_quota(const std::string& root);

// CPUs that this thread may run on.
std::vector<std::size_t> allowed_cpus(const std::string& root);

// Distinct physical cores that these CPUs belong to; 0 when the system does not say.
std::size_t physical_cores(const std::string& root, const std::vector<std::size_t>& cpus);

ThreadCount detect_thread_count(const std::string& root);

}  // namespace lanewise::core
