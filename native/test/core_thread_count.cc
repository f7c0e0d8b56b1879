// core/thread_count.h over fake /proc and /sys trees.
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "../core/thread_count.h"

namespace lanewise::core {
namespace {

namespace fs = std::filesystem;

// A folder that stands for "/", gone at the end of the test.
class FakeRoot {
 public:
  FakeRoot() {
    static std::atomic<int> next{0};
    path_ = fs::temp_directory_path() /
            ("lanewise-root-" + std::to_string(next++) + "-" + std::to_string(reinterpret_cast<std::uintptr_t>(this)));
    fs::create_directories(path_);
  }
  ~FakeRoot() { fs::remove_all(path_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  FakeRoot& file(const std::string& name, const std::string& text) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text << '\n';
    return *this;
  }
  FakeRoot& allowed(const std::string& list) {
    return file("proc/self/status", "Name:\tnode\nCpus_allowed:\tff\nCpus_allowed_list:\t" + list);
  }
  // `cpus` CPUs, neighbours share a core.
  FakeRoot& hyperthreaded(int cpus) {
    for (int cpu = 0; cpu < cpus; ++cpu) {
      const int first = cpu / 2 * 2;
      file("sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/core_cpus_list",
           std::to_string(first) + "-" + std::to_string(first + 1));
    }
    return *this;
  }
  operator std::string() const { return path_.string(); }  // NOLINT(google-explicit-constructor)

 private:
  fs::path path_;
};

using Cpus = std::vector<std::size_t>;

TEST_CASE("CPU lists") {
  CHECK(parse_cpu_list("0-3,8") == Cpus{0, 1, 2, 3, 8});
  CHECK(parse_cpu_list("5") == Cpus{5});
  CHECK(parse_cpu_list("2,0-2") == Cpus{0, 1, 2});
  for (const char* bad : {"", "a", "3-1", "0-", "-3", "1,,2", "0-99999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_cpu_list(bad).has_value());
  }
}

TEST_CASE("the affinity mask and physical cores") {
  FakeRoot root;
  root.allowed("0-7").hyperthreaded(8);
  CHECK(allowed_cpus(root).size() == 8);
  CHECK(physical_cores(root, {0, 1, 2, 3}) == 2);
  CHECK(physical_cores(root, {0, 2, 4}) == 3);
  CHECK(physical_cores(root, {0, 9}) == 0);  // CPU 9 is not described
  CHECK(detect_thread_count(root).count == 4);
  CHECK(detect_thread_count(root).explanation == "the affinity mask allows 8 CPUs, which share 4 physical cores");
  root.allowed("6-7");
  CHECK(detect_thread_count(root).count == 1);
  root.allowed("0,2,4");
  CHECK(detect_thread_count(root).count == 3);
  CHECK(detect_thread_count(root).explanation == "the affinity mask allows 3 CPUs");
  root.file("proc/thread-self/status", "Cpus_allowed_list: 3");  // the thread's own mask goes first
  CHECK(detect_thread_count(root).count == 1);
}

TEST_CASE("the older name of the siblings' file") {
  FakeRoot root;
  root.allowed("0-1");
  for (const char* cpu : {"cpu0", "cpu1"}) {
    root.file(std::string("sys/devices/system/cpu/") + cpu + "/topology/thread_siblings_list", "0-1");
  }
  CHECK(detect_thread_count(root).count == 1);
}

TEST_CASE("cgroup version 2: the smallest quota on the way up, rounded down") {
  FakeRoot root;
  root.allowed("0-7").file("proc/self/cgroup", "0::/a/b/c");
  CHECK_FALSE(cgroup_quota(root).has_value());
  root.file("sys/fs/cgroup/a/b/c/cpu.max", "max 100000");
  CHECK_FALSE(cgroup_quota(root).has_value());
  root.file("sys/fs/cgroup/a/cpu.max", "350000 100000");
  CHECK(cgroup_quota(root)->cpus == 3.5);
  CHECK(cgroup_quota(root)->file == "/sys/fs/cgroup/a/cpu.max");
  CHECK(detect_thread_count(root).count == 3);
  CHECK(detect_thread_count(root).explanation ==
        "the affinity mask allows 8 CPUs, and the cgroup quota in /sys/fs/cgroup/a/cpu.max is 3.5 CPUs, rounded down");
  root.file("sys/fs/cgroup/a/b/cpu.max", "50000 100000");
  CHECK(detect_thread_count(root).count == 1);
  root.file("sys/fs/cgroup/a/b/c/cpu.max", "1000 100000").file("sys/fs/cgroup/cpu.max", "100000 100000");
  CHECK(cgroup_quota(root)->cpus == doctest::Approx(0.01));
}

TEST_CASE("cgroup version 2 in a container: the path is the host's, the limit stands at the mount point") {
  FakeRoot root;
  root.allowed("0-7").file("proc/self/cgroup", "0::/docker/0123").file("sys/fs/cgroup/cpu.max", "200000 100000");
  CHECK(detect_thread_count(root).count == 2);
  root.file("proc/self/cgroup", "0::/../../other");
  CHECK(detect_thread_count(root).count == 2);
}

TEST_CASE("cgroup version 1, under each of its mount points") {
  for (const char* mount : {"cpu", "cpu,cpuacct"}) {
    CAPTURE(mount);
    FakeRoot root;
    const std::string folder = std::string("sys/fs/cgroup/") + mount + "/job";
    root.allowed("0-7").file("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/job/part\n0::/");
    root.file(folder + "/part/cpu.cfs_quota_us", "-1").file(folder + "/part/cpu.cfs_period_us", "100000");
    CHECK_FALSE(cgroup_quota(root).has_value());
    root.file(folder + "/cpu.cfs_quota_us", "500000").file(folder + "/cpu.cfs_period_us", "200000");
    CHECK(cgroup_quota(root)->cpus == 2.5);
    CHECK(detect_thread_count(root).count == 2);
  }
}

TEST_CASE("cpuset is not cpu") {
  FakeRoot root;
  root.allowed("0-7").file("proc/self/cgroup", "3:cpuset:/\n2:cpuacct:/");
  root.file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "100000").file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
  CHECK_FALSE(cgroup_quota(root).has_value());
}

TEST_CASE("unreadable figures count as no limit") {
  FakeRoot root;
  root.allowed("0-3");
  for (const char* text : {"", "abc 100000", "100000", "100000 0", "-5 100000", "0 100000", "99999999999999999999 1"}) {
    CAPTURE(text);
    root.file("proc/self/cgroup", "garbage\n0::/\n:::\n0:").file("sys/fs/cgroup/cpu.max", text);
    CHECK(detect_thread_count(root).count == 4);
  }
}

TEST_CASE("a system without /proc still has an answer") {
  const FakeRoot root;
  CHECK(detect_thread_count(root).count >= 1);
  CHECK_FALSE(detect_thread_count(root).explanation.empty());
}

TEST_CASE("what the mask and the quota allow now") {
  CHECK(mask_now() >= 1);
  CHECK(quota_now() >= 1);
  const std::size_t allowed = allowed_cpus("/").size();
  if (allowed != 0) CHECK(mask_now() == allowed);
}

TEST_CASE("a quota is read again from its files") {
  FakeRoot root;
  root.file("proc/self/cgroup", "0::/a\n2:cpu:/b").file("sys/fs/cgroup/a/cpu.max", "max 100000");
  root.file("sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "-1").file("sys/fs/cgroup/cpu/b/cpu.cfs_period_us", "50000");
  const std::vector<QuotaFiles> files = quota_files(root);
  REQUIRE(files.size() == 2);
  for (const QuotaFiles& each : files) CHECK_FALSE(read_quota(each).has_value());
  root.file("sys/fs/cgroup/a/cpu.max", "150000 100000").file("sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "100000");
  CHECK(read_quota(files[0]) == 1.5);
  CHECK(read_quota(files[1]) == 2.0);
  root.file("sys/fs/cgroup/a/cpu.max", "");
  CHECK_FALSE(read_quota(files[0]).has_value());
}

TEST_CASE("this machine's own count is found once") {
  CHECK(default_thread_count().count >= 1);
  CHECK(&default_thread_count() == &default_thread_count());
}

}  // namespace
}  // namespace lanewise::core
