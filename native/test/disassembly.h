// Machine code as objdump prints it, taken apart: functions, their instructions, and the innermost loops in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace lanewise::test {

struct Instruction {
  std::uint64_t address;
  std::string mnemonic, operands;
};

struct MachineFunction {
  std::string name;  // as the compiler mangled it
  std::vector<Instruction> instructions;
};

// What objdump prints with -d --no-show-raw-insn; empty when it cannot be run on the file.
std::vector<MachineFunction> disassemble(const std::string& objdump, const std::string& file);
// The same from its output.
std::vector<MachineFunction> parse_disassembly(const std::string& text);

// The instructions that run again and again, in the order of their addresses.
using Loop = std::vector<Instruction>;
// The loops of a function that hold no other loop.
std::vector<Loop> innermost_loops(const MachineFunction& function);

// What stands in a loop.
struct LoopBody {
  std::size_t multiply_adds = 0;
  std::set<std::string> accumulators;  // registers that fused multiply-adds add to
  std::vector<Instruction> calls, stores, stack_accesses;
};
LoopBody inspect(const Loop& loop);

}  // namespace lanewise::test
