// A sparse matrix along the middle of [outer, size, inner].
#include <algorithm>

#include "../core/aligned.h"
#include "check.h"
#include "ops.h"
#include "parallel.h"

namespace lanewise::ops {
namespace {

using core::checked_mul;

struct SparseEntry {
  std::size_t column;
  float weight;
};

// The matrix as integers and floats: where each row begins, and the entries.
struct SparseRows {
  const std::size_t* begin;
  const SparseEntry* entries;
};

std::size_t whole_below(double value, std::size_t most, const char* what) {
  if (!(value >= 0.0 && value <= static_cast<double>(most)) ||
      value != static_cast<double>(static_cast<std::size_t>(value))) {
    refuse("sparseMatmul", "matrix", std::string("must have ") + what + " in [0, " + std::to_string(most) + "]");
  }
  return static_cast<std::size_t>(value);
}

SparseRows decode_sparse(Layout matrix, std::size_t size, std::size_t rows, std::size_t entries) {
  thread_local core::Scratch starts_scratch, entries_scratch;
  std::size_t* begin = starts_scratch.get<std::size_t>(rows + 1);
  SparseEntry* list = entries_scratch.get<SparseEntry>(entries);
  for (std::size_t r = 0; r <= rows; ++r) {
    begin[r] = whole_below(matrix[r], entries, "beginnings");
    if (r > 0 && begin[r] < begin[r - 1]) refuse("sparseMatmul", "matrix", "must have beginnings that ascend");
  }
  if (begin[0] != 0 || begin[rows] != entries) refuse("sparseMatmul", "matrix", "must begin at 0 and end at entries");
  for (std::size_t e = 0; e < entries; ++e) {
    if (size == 0) refuse("sparseMatmul", "matrix", "must have no entries");
    list[e] = {whole_below(matrix[rows + 1 + e], size - 1, "columns"),
               static_cast<float>(matrix[rows + 1 + entries + e])};
  }
  return {begin, list};
}

// One line of the result, [inner], of one block of x.
void run_line(const float* x, float* out, const SparseEntry* first, const SparseEntry* end, std::size_t inner) {
  if (first == end) {
    std::fill_n(out, inner, 0.0f);
    return;
  }
  const float* line = x + first->column * inner;
  for (std::size_t i = 0; i < inner; ++i) out[i] = first->weight * line[i];
  for (const SparseEntry* entry = first + 1; entry != end; ++entry) {
    line = x + entry->column * inner;
    for (std::size_t i = 0; i < inner; ++i) out[i] += entry->weight * line[i];
  }
}

}  // namespace

void sparseMatmul(const Context& context, FloatIn x, FloatOut out, Numbers matrix, std::size_t outer, std::size_t size,
                  std::size_t rows, std::size_t entries, std::size_t inner) {
  const std::size_t lines = checked_mul(outer, rows);
  check_length("sparseMatmul", "x", x.size(), checked_mul(checked_mul(outer, size), inner));
  check_length("sparseMatmul", "out", out.size(), checked_mul(lines, inner));
  const std::size_t numbers = core::checked_add(core::checked_add(rows, 1), checked_mul(2, entries));
  if (matrix.size() != numbers) {
    refuse("sparseMatmul", "matrix",
           "must be " + std::to_string(numbers) + " numbers, got " + std::to_string(matrix.size()));
  }
  const SparseRows decoded = decode_sparse(matrix, size, rows, entries);
  if (lines == 0 || inner == 0) return;
  split_rows(context, lines, inner, [&](std::size_t begin, std::size_t end) {
    std::size_t block = begin / rows, row = begin % rows;
    for (std::size_t line = begin; line < end; ++line) {
      run_line(x.data() + block * size * inner, &out[line * inner], decoded.entries + decoded.begin[row],
               decoded.entries + decoded.begin[row + 1], inner);
      if (++row == rows) {
        row = 0;
        ++block;
      }
    }
  });
}

}  // namespace lanewise::ops
