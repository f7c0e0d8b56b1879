// The k loops of the matrix product, in the machine code that was built: all sums in registers, nothing spilled, no
// call. Looked at in the object files of kernels/isa, also of instruction sets that this machine lacks.
#include "disassembly.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace lanewise::test {
namespace {

// What there is to find, for each instruction set of the target: tiles of products of 1 to `rows` rows, of convolutions
// of 1 to `pixels` pixels, all of `vectors` vectors. A loop may touch the stack `spills` times: for pointers and
// counters that g++ 12 finds no registers for, with NEON for one sum. To be lowered as the kernels improve.
struct Tiles {
  std::string isa;
  std::size_t rows, pixels, vectors, spills;
};
#if defined(__aarch64__)
const Tiles kTiles[] = {{"neon", 6, 5, 4, 2}};
#else
const Tiles kTiles[] = {{"avx2", 6, 6, 2, 0}, {"avx512", 12, 8, 2, 2}};
#endif

// The functions with k loops, as kernels/generic names them: <form>_<rows>.
const std::vector<std::string> kForms{"tile_along", "tile_across", "tile_packed", "tile_across_sgd", "tile_packed_sgd"};
// Those of convolutions, by pixels and by rows; the narrow ones have half of the vectors.
const std::vector<std::string> kPixelForms{"tile_conv", "tile_conv_narrow"};
const std::vector<std::string> kRowForms{"tile_outer", "tile_outer_narrow"};
// By rows with a pointer each, and with the sums of the gradient along; on each instruction set as many.
const std::vector<std::string> kPlacedForms{"tile_outer_placed", "tile_outer_placed_narrow"};
const std::vector<std::string> kBiasForms{"tile_outer_bias", "tile_outer_bias_narrow"};
constexpr std::size_t kPlacedRows = 5;
// The peak that products are compared with is a loop under the same law.
const std::string kPeak = "fma_chains";
constexpr std::size_t kPeakChains = 12;

// Set where there is objdump (Debian's package binutils) and the build is the one that users get.
#if !defined(LANEWISE_OBJDUMP)
#define LANEWISE_OBJDUMP ""
#define LANEWISE_KERNEL_OBJECTS ""
#endif

// The name of a tile within a mangled one, "tile_rows_6", and its number of rows; 0 if it is none.
std::pair<std::string, std::size_t> tile_in(const std::string& mangled) {
  const std::size_t start = mangled.find("tile_");
  if (start == std::string::npos) return {"", 0};
  const std::size_t digit = mangled.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", start);
  const std::size_t end = std::min(mangled.find_first_not_of("0123456789", digit), mangled.size());
  if (digit == std::string::npos || digit == end) return {"", 0};
  return {mangled.substr(start, end - start), std::stoul(mangled.substr(digit, end - digit))};
}

std::string listed(const std::vector<Instruction>& instructions) {
  std::string text;
  for (const Instruction& i : instructions) text += "\n    " + i.mnemonic + " " + i.operands;
  return text;
}

// Checks the loops of a function that multiply and add. How many of them are whole rounds of `accumulators` sums,
// each in a register (in one more where the compiler moves a sum): a loop over what an unrolled one leaves may be
// entwined with other code, but may not spill either.
int check_loops(const MachineFunction& function, std::size_t accumulators, std::size_t spills) {
  int whole = 0;
  for (const Loop& loop : innermost_loops(function)) {
    const LoopBody body = inspect(loop);
    if (body.multiply_adds == 0) continue;
    whole += body.accumulators.size() >= accumulators && body.multiply_adds % accumulators == 0;
    CAPTURE(loop.front().address);
    CHECK_MESSAGE(body.calls.empty(), listed(body.calls));
    CHECK_MESSAGE(body.stack_accesses.size() <= spills, listed(body.stack_accesses));
    CHECK_MESSAGE(body.stores.size() <= spills, listed(body.stores));
  }
  return whole;
}

void check_isa(const Tiles& tiles, const std::vector<MachineFunction>& functions) {
  // The mangled name of a static function in lanewise::kernels::<isa>.
  const std::string scope = "kernels" + std::to_string(tiles.isa.size()) + tiles.isa + "L";
  std::map<std::string, int> found;
  for (const MachineFunction& function : functions) {
    if (function.name.find(scope) == std::string::npos) continue;
    CAPTURE(function.name);
    const auto [tile, rows] = tile_in(function.name);
    if (rows != 0) {
      const std::size_t vectors = tile.find("_narrow") == std::string::npos ? tiles.vectors : tiles.vectors / 2;
      CHECK(check_loops(function, rows * vectors, tiles.spills) >= 1);
      ++found[tile];
    } else if (function.name.find(kPeak) != std::string::npos) {
      CHECK(check_loops(function, kPeakChains, 0) == 1);
      ++found[kPeak];
    }
  }
  std::map<std::string, int> expected{{kPeak, 1}};
  for (const std::string& form : kForms) {
    for (std::size_t rows = 1; rows <= tiles.rows; ++rows) expected[form + '_' + std::to_string(rows)] = 1;
  }
  for (const auto& [forms, most] : {std::pair{kPixelForms, tiles.pixels}, std::pair{kRowForms, tiles.rows},
                                    std::pair{kPlacedForms, kPlacedRows}, std::pair{kBiasForms, kPlacedRows - 1}}) {
    for (const std::string& form : forms) {
      for (std::size_t n = 1; n <= most; ++n) expected[form + '_' + std::to_string(n)] = 1;
    }
  }
  CHECK(found == expected);
}

TEST_CASE("disassembly: the k loops of products keep their sums in registers and call nothing" *
          doctest::skip(std::string(LANEWISE_OBJDUMP).empty())) {
  std::vector<MachineFunction> functions;
  std::istringstream files(LANEWISE_KERNEL_OBJECTS);
  for (std::string file; std::getline(files, file, '|');) {
    for (MachineFunction& function : disassemble(LANEWISE_OBJDUMP, file)) functions.push_back(std::move(function));
  }
  REQUIRE(functions.size() > 50);
  for (const Tiles& tiles : kTiles) {
    CAPTURE(tiles.isa);
    check_isa(tiles, functions);
  }
}

constexpr const char* kSpilling = R"(
0000000000000000 <good>:
   0:	vmovups (%rsi),%ymm1
   4:	vfmadd231ps (%rdi,%rax,4),%ymm1,%ymm2
   8:	vfmadd231ps %ymm0,%ymm1,%ymm3
   c:	cmp    %rax,(%rdx)
  10:	jne    4 <good+0x4>
  14:	vmovups %ymm2,(%rdx)
  18:	ret

0000000000000020 <bad>:
  20:	mov    0x8(%rsp),%rcx
  24:	vfmadd231ps %ymm0,%ymm1,%ymm2
  28:	vmovups %ymm2,-0x20(%rbp,%rax,1)
  2c:	call   100 <other>
  30:	dec    %rax
  34:	jne    24 <bad+0x4>
  38:	cmp    %rcx,%rax
  3c:	jb     20 <bad>
)";

constexpr const char* kSpillingOnArm = R"(
0000000000000000 <arm>:
   0:	ldr	q1, [x0], #16
   4:	fmla	v2.4s, v1.4s, v0.s[0]
   8:	str	q2, [sp, #32]
   c:	bl	100 <other>
  10:	b.ne	0 <arm>  // b.any
)";

TEST_CASE("disassembly: spills and calls in a loop are seen, and those outside are not") {
  const auto functions = parse_disassembly(kSpilling);
  REQUIRE(functions.size() == 2);
  const auto good = innermost_loops(functions[0]);
  REQUIRE(good.size() == 1);
  const LoopBody clean = inspect(good[0]);
  CHECK(clean.multiply_adds == 2);
  CHECK(clean.accumulators == std::set<std::string>{"%ymm2", "%ymm3"});
  CHECK(clean.calls.size() + clean.stores.size() + clean.stack_accesses.size() == 0);

  const auto bad = innermost_loops(functions[1]);
  REQUIRE(bad.size() == 1);
  CHECK(bad[0].front().address == 0x24);
  const LoopBody spilling = inspect(bad[0]);
  CHECK(spilling.multiply_adds == 1);
  CHECK(spilling.calls.size() == 1);
  CHECK(spilling.stores.size() == 1);
  CHECK(spilling.stack_accesses.empty());

  const auto arm = parse_disassembly(kSpillingOnArm);
  REQUIRE(arm.size() == 1);
  REQUIRE(innermost_loops(arm[0]).size() == 1);
  const LoopBody body = inspect(innermost_loops(arm[0])[0]);
  CHECK(body.accumulators == std::set<std::string>{"v2"});
  CHECK(body.calls.size() == 1);
  CHECK(body.stores.size() == 1);
  CHECK(body.stack_accesses.size() == 1);
}

}  // namespace
}  // namespace lanewise::test
