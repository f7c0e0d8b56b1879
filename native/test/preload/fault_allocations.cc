// Operator new for a whole Node, preloaded (LD_PRELOAD), in which the allocations of one library can be counted and
// made to fail; the same file, required as an addon, is how JavaScript says so. Built by test/hazards/preload.ts.
#include <link.h>
#include <node_api.h>
#include <sys/mman.h>
#include <unwind.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

struct Range {
  std::uintptr_t begin = 0, end = 0;
  bool holds(std::uintptr_t address) const { return address >= begin && address < end; }
};

Range watched, standard_library, own;
std::atomic<bool> watching{false};

// 0: memory does not run out.
std::atomic<std::uint64_t> calls_left{0};
std::atomic<std::uint64_t> asked{0}, failed{0};
std::atomic<bool> goes_on{false};

// The memory of the watched library: separate pages for each block, which ends where they end and is never handed out
// again, so that code that reaches beyond it or keeps it too long dies of it. Told from other memory by its address.
class Blocks {
 public:
  void* take(std::size_t size, std::size_t alignment) {
    const std::size_t room = (size + alignment - 1) / alignment * alignment;
    const std::size_t pages = (room + kPage - 1) / kPage * kPage;
    const std::size_t at = next_.fetch_add(pages + kPage, std::memory_order_relaxed);  // and one that is never there
    char* const start = base_ + at;
    if (at + pages > kRegion || mprotect(start, pages, PROT_READ | PROT_WRITE) != 0) return nullptr;
    counts_[at / kPage] = static_cast<std::uint32_t>(pages / kPage);
    live_.fetch_add(1, std::memory_order_relaxed);
    return start + pages - room;
  }
  bool owns(void* block) const { return base_ != nullptr && block >= base_ && block < base_ + kRegion; }
  void give_back(void* block) {
    // A block begins in its first page.
    const std::size_t page = static_cast<std::size_t>(static_cast<char*>(block) - base_) / kPage;
    // In place of the pages: their memory goes with them.
    mmap(base_ + page * kPage, counts_[page] * kPage, PROT_NONE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    live_.fetch_sub(1, std::memory_order_relaxed);
  }
  bool open() {
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* const region = mmap(nullptr, kRegion, PROT_NONE, flags, -1, 0);
    void* const counts = mmap(nullptr, kRegion / kPage * sizeof *counts_, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (region == MAP_FAILED || counts == MAP_FAILED) return false;
    base_ = static_cast<char*>(region);
    counts_ = static_cast<std::uint32_t*>(counts);
    return true;
  }
  std::size_t live() const { return live_; }

 private:
  static constexpr std::size_t kPage = 4096, kRegion = std::size_t{1} << 40;
  char* base_ = nullptr;
  std::uint32_t* counts_ = nullptr;  // pages of the block that begins in a page
  std::atomic<std::size_t> next_{0}, live_{0};
};

Blocks blocks;

// The first caller outside of the standard library, whose strings ask on behalf of others.
_Unwind_Reason_Code find_caller(_Unwind_Context* context, void* result) {
  const std::uintptr_t address = _Unwind_GetIP(context);
  if (own.holds(address) || standard_library.holds(address)) return _URC_NO_REASON;
  *static_cast<std::uintptr_t*>(result) = address;
  return _URC_END_OF_STACK;
}

bool is_watched(void* caller) noexcept {
  if (!watching.load(std::memory_order_acquire)) return false;
  auto address = reinterpret_cast<std::uintptr_t>(caller);
  if (standard_library.holds(address)) _Unwind_Backtrace(find_caller, &address);
  return watched.holds(address);
}

bool runs_out() noexcept {
  asked.fetch_add(1, std::memory_order_relaxed);
  std::uint64_t left = calls_left.load(std::memory_order_relaxed);
  do {
    if (left == 0) return false;
  } while (!calls_left.compare_exchange_weak(left, left > 1 ? left - 1 : goes_on ? 1 : 0, std::memory_order_relaxed));
  if (left > 1) return false;
  failed.fetch_add(1, std::memory_order_relaxed);
  return true;
}

void* allocate(std::size_t size, std::size_t alignment, void* caller) {
  const bool counts = is_watched(caller);
  if (counts && runs_out()) throw std::bad_alloc();
  const std::size_t wanted = size == 0 ? 1 : size;
  void* block = nullptr;
  if (counts) {
    block = blocks.take(wanted, alignment);
  } else if (alignment <= alignof(std::max_align_t)) {
    block = std::malloc(wanted);
  } else {
    block = std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
  }
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void release(void* block) noexcept {
  if (blocks.owns(block)) {
    blocks.give_back(block);
  } else {
    std::free(block);
  }
}

struct Search {
  const char* name;
  Range range;
};

int look_at(dl_phdr_info* info, std::size_t, void* data) {
  Search& search = *static_cast<Search*>(data);
  if (info->dlpi_name == nullptr || std::strstr(info->dlpi_name, search.name) == nullptr) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    search.range = {info->dlpi_addr + part.p_vaddr, info->dlpi_addr + part.p_vaddr + part.p_memsz};
    return 1;
  }
  return 0;
}

Range code_of(const char* name) {
  Search search{name, {}};
  dl_iterate_phdr(look_at, &search);
  return search.range;
}

// watch(part of the library's path): from here on its allocations are counted. False: it is not loaded.
napi_value watch(napi_env env, napi_callback_info info) {
  napi_value argument = nullptr, result = nullptr;
  std::size_t count = 1;
  char name[4096] = "";
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_string_utf8(env, argument, name, sizeof name, nullptr);
  watched = code_of(name);
  standard_library = code_of("libstdc++.so");
  own = code_of("fault_allocations");
  const bool found = watched.end != 0 && standard_library.end != 0 && blocks.open();
  watching.store(found, std::memory_order_release);
  napi_get_boolean(env, found, &result);
  return result;
}

// arm(nth, goesOn): that allocation, counted from 1, fails, and all later ones when goesOn. arm(0, false) disarms.
napi_value arm(napi_env env, napi_callback_info info) {
  napi_value arguments[2] = {};
  std::size_t count = 2;
  std::int64_t nth = 0;
  bool on = false;
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  napi_get_value_int64(env, arguments[0], &nth);
  napi_get_value_bool(env, arguments[1], &on);
  goes_on = on;
  asked = 0;
  failed = 0;
  calls_left = static_cast<std::uint64_t>(nth);
  return nullptr;
}

napi_value number(napi_env env, std::uint64_t value) {
  napi_value result = nullptr;
  napi_create_double(env, static_cast<double>(value), &result);
  return result;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t), __builtin_return_address(0)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment), __builtin_return_address(0));
}
void operator delete(void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete(void* block, std::align_val_t) noexcept { release(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { release(block); }

NAPI_MODULE_INIT() {
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function = nullptr;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    napi_set_named_property(env, exports, name, function);
  };
  add("watch", watch);
  add("arm", arm);
  add("asked", [](napi_env e, napi_callback_info) { return number(e, asked); });
  add("failed", [](napi_env e, napi_callback_info) { return number(e, failed); });
  add("live", [](napi_env e, napi_callback_info) { return number(e, blocks.live()); });
  return exports;
}
