#include "select.h"

#include <array>
#include <cstddef>

#include "../core/cpu.h"

namespace lanewise::kernels {

// Each is defined in isa/<name>/table.cc.
#define ISA(name)                 \
  namespace name {                \
  extern const KernelTable table; \
  }
#include "isas.inc"
#undef ISA

namespace {

#define ISA(name) #name,
constexpr const char* kCompiled[] = {
#include "isas.inc"
};
#undef ISA

constexpr std::size_t kCount = std::size(kCompiled);

struct Available {
  std::array<const KernelTable*, kCount> tables{};
  std::size_t count = 0;

  Available() {
#define ISA(name) \
  if (core::can_run(#name)) tables[count++] = &name::table;
#include "isas.inc"
#undef ISA
  }
};

}  // namespace

std::span<const KernelTable* const> available() {
  static const Available result;
  return {result.tables.data(), result.count};
}

std::span<const char* const> compiled() { return kCompiled; }

const KernelTable* find(std::string_view name) {
  for (const KernelTable* table : available()) {
    if (name == table->name) return table;
  }
  return nullptr;
}

}  // namespace lanewise::kernels
