// Reads objdump's listings of x86-64 (AT&T) and AArch64.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "disassembly.h"

namespace lanewise::test {
namespace {

bool is_arm(const Instruction& instruction) {
  return instruction.operands.find('%') == std::string::npos && instruction.operands.find('$') == std::string::npos;
}

// Where a jump goes, as an address of the same listing.
std::optional<std::uint64_t> jump_target(const Instruction& instruction) {
  const std::string& m = instruction.mnemonic;
  const bool jumps =
      m.starts_with('j') || m == "b" || m.starts_with("b.") || m.starts_with("cb") || m.starts_with("tb");
  const std::size_t name = instruction.operands.find(" <");
  if (!jumps || name == std::string::npos) return std::nullopt;
  const std::size_t start = instruction.operands.find_last_of(" \t,", name - 1);
  const std::string digits = instruction.operands.substr(start == std::string::npos ? 0 : start + 1, name);
  return std::stoull(digits, nullptr, 16);
}

std::string last_operand(const std::string& operands) {
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    if (operands[i] == '(') ++depth;
    if (operands[i] == ')') --depth;
    if (operands[i] == ',' && depth == 0) start = i + 1;
  }
  return operands.substr(start);
}

bool writes_memory(const Instruction& instruction) {
  const std::string& m = instruction.mnemonic;
  if (is_arm(instruction)) return m.starts_with("st");
  if (m.starts_with("push")) return true;
  // In AT&T's order what is written comes last. These only read it.
  const bool reads = m.starts_with("cmp") || m.starts_with("test") || m.starts_with("prefetch") ||
                     m.starts_with("nop") || m.starts_with("j") || m.starts_with("bt") || m == "data16" || m == "cs" ||
                     m == "lea";
  return !reads && last_operand(instruction.operands).find('(') != std::string::npos;
}

// The basic blocks of a function and who follows whom.
class Blocks {
 public:
  explicit Blocks(const std::vector<Instruction>& code) {
    std::set<std::size_t> starts{0};
    std::map<std::size_t, std::size_t> jumps;  // from instruction to instruction
    for (std::size_t i = 0; i < code.size(); ++i) {
      if (!ends_block(code[i])) continue;
      starts.insert(i + 1);
      const auto target = jump_target(code[i]);
      if (!target) continue;
      const auto at = std::ranges::lower_bound(code, *target, {}, &Instruction::address);
      if (at == code.end() || at->address != *target) continue;  // into another function
      jumps[i] = static_cast<std::size_t>(at - code.begin());
      starts.insert(jumps[i]);
    }
    starts.insert(code.size());
    starts_.assign(starts.begin(), starts.end());
    next_.resize(starts_.size() - 1);
    for (std::size_t block = 0; block < next_.size(); ++block) {
      const std::size_t last = end(block) - 1;
      const auto jump = jumps.find(last);
      if (jump != jumps.end()) {
        const auto to = std::ranges::lower_bound(starts_, jump->second);
        next_[block].insert(static_cast<std::size_t>(to - starts_.begin()));
      }
      if (falls_through(code[last]) && block + 1 < next_.size()) next_[block].insert(block + 1);
    }
  }

  std::size_t begin(std::size_t block) const { return starts_[block]; }
  std::size_t end(std::size_t block) const { return starts_[block + 1]; }

  // Sets of blocks that reach one another, without those that hold a smaller one: a cycle is taken apart by removing
  // the ways back to where it is entered.
  std::vector<std::vector<std::size_t>> innermost_cycles() const {
    std::vector<std::vector<std::size_t>> result;
    std::set<std::size_t> all;
    for (std::size_t block = 0; block < next_.size(); ++block) all.insert(block);
    take_apart(all, result);
    return result;
  }

 private:
  static bool ends_block(const Instruction& i) { return jump_target(i) || !falls_through(i); }
  static bool falls_through(const Instruction& i) {
    return i.mnemonic != "jmp" && i.mnemonic != "b" && i.mnemonic != "br" && !i.mnemonic.starts_with("ret");
  }

  // Blocks among `within` that a walk of at least one step leads to.
  std::set<std::size_t> reached(std::size_t from, const std::set<std::size_t>& within,
                                const std::set<std::size_t>& closed) const {
    std::set<std::size_t> seen;
    std::vector<std::size_t> open{from};
    while (!open.empty()) {
      const std::size_t block = open.back();
      open.pop_back();
      for (const std::size_t next : next_[block]) {
        if (within.contains(next) && !closed.contains(next) && seen.insert(next).second) open.push_back(next);
      }
    }
    return seen;
  }

  // Appends the innermost cycles among `within`, no walk of which enters `closed`. Whether there were any.
  bool take_apart(const std::set<std::size_t>& within, std::vector<std::vector<std::size_t>>& result,
                  const std::set<std::size_t>& closed = {}) const {
    std::map<std::size_t, std::set<std::size_t>> reach;
    for (const std::size_t block : within) reach[block] = reached(block, within, closed);
    std::set<std::size_t> done;
    for (const std::size_t block : within) {
      if (done.contains(block) || !reach[block].contains(block)) continue;
      std::set<std::size_t> cycle;
      for (const std::size_t other : reach[block]) {
        if (reach[other].contains(block)) cycle.insert(other);
      }
      done.insert(cycle.begin(), cycle.end());
      std::set<std::size_t> entries;
      if (cycle.contains(0)) entries.insert(0);  // the function is entered there
      for (std::size_t from = 0; from < next_.size(); ++from) {
        for (const std::size_t next : next_[from]) {
          if (cycle.contains(next) && !cycle.contains(from)) entries.insert(next);
        }
      }
      if (!take_apart(cycle, result, entries)) result.emplace_back(cycle.begin(), cycle.end());
    }
    return !done.empty();
  }

  std::vector<std::size_t> starts_;  // of each block, and the end of the last
  std::vector<std::set<std::size_t>> next_;
};

}  // namespace

std::vector<MachineFunction> parse_disassembly(const std::string& text) {
  std::vector<MachineFunction> functions;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t open = line.find(" <"), close = line.rfind(">:");
    if (!line.empty() && line[0] != ' ' && open != std::string::npos && close == line.size() - 2) {
      functions.push_back({line.substr(open + 2, close - open - 2), {}});
      continue;
    }
    const std::size_t colon = line.find(":\t");
    if (functions.empty() || colon == std::string::npos || line[0] != ' ') continue;
    std::istringstream words(line.substr(colon + 2));
    Instruction instruction{std::stoull(line.substr(0, colon), nullptr, 16), {}, {}};
    words >> instruction.mnemonic >> std::ws;
    std::getline(words, instruction.operands);
    functions.back().instructions.push_back(std::move(instruction));
  }
  return functions;
}

std::vector<MachineFunction> disassemble(const std::string& objdump, const std::string& file) {
  const std::string command = "'" + objdump + "' -d --no-show-raw-insn '" + file + "' 2>&1";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 65536> buffer;
  for (std::size_t read = 1; pipe && read != 0;) {
    read = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
    text.append(buffer.data(), read);
  }
  return parse_disassembly(text);
}

std::vector<Loop> innermost_loops(const MachineFunction& function) {
  const Blocks blocks(function.instructions);
  std::vector<Loop> loops;
  for (const std::vector<std::size_t>& cycle : blocks.innermost_cycles()) {
    Loop& loop = loops.emplace_back();
    for (const std::size_t block : cycle) {
      for (std::size_t i = blocks.begin(block); i < blocks.end(block); ++i) loop.push_back(function.instructions[i]);
    }
  }
  return loops;
}

LoopBody inspect(const Loop& loop) {
  LoopBody body;
  for (const Instruction& instruction : loop) {
    const std::string &m = instruction.mnemonic, &operands = instruction.operands;
    if (m.starts_with("vfmadd") || m.starts_with("fmla") || m.starts_with("fmadd")) {
      ++body.multiply_adds;
      body.accumulators.insert(is_arm(instruction) ? operands.substr(0, operands.find('.')) : last_operand(operands));
    }
    if (m.starts_with("call") || m == "bl" || m == "blr") body.calls.push_back(instruction);
    if (writes_memory(instruction)) body.stores.push_back(instruction);
    if (operands.find("(%rsp") != std::string::npos || operands.find("[sp") != std::string::npos) {
      body.stack_accesses.push_back(instruction);
    }
  }
  return body;
}

}  // namespace lanewise::test
