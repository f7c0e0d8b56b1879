// Chains: functions one after the other on elements that stay in registers.
#pragma once

#include "binary-inl.h"
#include "elementwise-inl.h"
#include "select-inl.h"

// Vectors of a piece: many, to share the cost of going from link to link, but 16 registers hold them with the operands
// of a link.
inline constexpr int kChainVectors = 12;
inline constexpr std::size_t kChainPiece = static_cast<std::size_t>(kChainVectors) * kLanes;

// A link of one call: where its code is, and its first operand, at element i: data + (i & moves).
struct BoundLink {
  const void* code;
  float* data;
  std::size_t moves;  // all bits, or none
  const Link* link;
};

// Every link jumps to the next one by itself, so that a processor foretells each of these jumps by itself. Labels as
// values are what gcc and clang have for that; figures stand in ../../ops/README.md.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"

#define LANEWISE_EACH LANEWISE_UNROLL for (int u = 0; u < kChainVectors; ++u)
#define LANEWISE_NEXT goto * (++now)->code;
#define LANEWISE_AT (now->data + (i & now->moves))
#define LANEWISE_OPERAND(o) chain_operand(slots[now->link->slots[o]], i)

// The code of a link whose running value r stands at a place among its operands: without others, and with a first other
// one x, which is a range or repeated. `rest` declares where the further ones are.
#define LANEWISE_ALONE(name, place, value)                                             \
  name##_##place##_range : name##_##place##_repeated : { LANEWISE_EACH r[u] = value; } \
  LANEWISE_NEXT
#define LANEWISE_WITH(name, place, rest, value) \
  name##_##place##_range : {                    \
    const float* const range = LANEWISE_AT;     \
    rest LANEWISE_EACH {                        \
      const Vf x = v_load(range + u * kLanes);  \
      r[u] = value;                             \
    }                                           \
  }                                             \
  LANEWISE_NEXT                                 \
  name##_##place##_repeated : {                 \
    const Vf x = v_splat(*LANEWISE_AT);         \
    rest LANEWISE_EACH r[u] = value;            \
  }                                             \
  LANEWISE_NEXT
#define LANEWISE_SECOND const float* const second = LANEWISE_OPERAND(1);
#define LANEWISE_THIRD LANEWISE_SECOND const float* const third = LANEWISE_OPERAND(2);
#define LANEWISE_Y v_load(second + u * kLanes)
#define LANEWISE_Z v_load(third + u * kLanes)

// The codes of a function with this number of operands, and their labels in the order of LinkCode.
#define LANEWISE_CODES_1(name, function) LANEWISE_ALONE(name, 0, function(r[u]))
#define LANEWISE_CODES_2(name, function)      \
  LANEWISE_WITH(name, 0, , function(r[u], x)) \
  LANEWISE_WITH(name, 1, , function(x, r[u]))
#define LANEWISE_CODES_3(name, function)                                 \
  LANEWISE_WITH(name, 0, LANEWISE_SECOND, function(r[u], x, LANEWISE_Y)) \
  LANEWISE_WITH(name, 1, LANEWISE_SECOND, function(x, r[u], LANEWISE_Y)) \
  LANEWISE_WITH(name, 2, LANEWISE_SECOND, function(x, LANEWISE_Y, r[u]))
#define LANEWISE_CODES_4(name, function)                                            \
  LANEWISE_WITH(name, 0, LANEWISE_THIRD, function(r[u], x, LANEWISE_Y, LANEWISE_Z)) \
  LANEWISE_WITH(name, 1, LANEWISE_THIRD, function(x, r[u], LANEWISE_Y, LANEWISE_Z)) \
  LANEWISE_WITH(name, 2, LANEWISE_THIRD, function(x, LANEWISE_Y, r[u], LANEWISE_Z)) \
  LANEWISE_WITH(name, 3, LANEWISE_THIRD, function(x, LANEWISE_Y, LANEWISE_Z, r[u]))
#define LANEWISE_LABELS_1(name) &&name##_0_range, &&name##_0_repeated,
#define LANEWISE_LABELS_2(name) LANEWISE_LABELS_1(name) && name##_1_range, &&name##_1_repeated,
#define LANEWISE_LABELS_3(name) LANEWISE_LABELS_2(name) && name##_2_range, &&name##_2_repeated,
#define LANEWISE_LABELS_4(name) LANEWISE_LABELS_3(name) && name##_3_range, &&name##_3_repeated,

LANEWISE_VEC float* chain_operand(const Slot& slot, std::size_t i) { return slot.data + i * slot.advance; }

static void chain(const Link* links, std::size_t count, const Slot* slots, std::size_t n) {
  static const void* const codes[] = {LANEWISE_LABELS_1(load) LANEWISE_LABELS_1(store) LANEWISE_LABELS_1(square)
#define LINK(name, operands, function) LANEWISE_LABELS_##operands(name)
#include "../links.inc"
#undef LINK
  };
  BoundLink bound[kMostLinks];
  for (std::size_t k = 0; k < count; ++k) {
    const Slot& slot = slots[links[k].slots[0]];
    const std::size_t repeated = slot.step == 0 ? 1 : 0;
    const void* const code = codes[2 * static_cast<std::size_t>(links[k].code) + repeated];
    bound[k] = {code, slot.data, std::size_t{0} - slot.advance, &links[k]};
  }
  // The first and the last one do the same in every chain.
  const BoundLink first = bound[0], last = bound[count - 1];
  bound[count - 1].code = &&end_of_piece;
  std::size_t i = 0;
  const BoundLink* now;
  Vf r[kChainVectors];
begin_of_piece:
  now = bound;
  LANEWISE_EACH r[u] = v_load(first.data + (i & first.moves) + u * kLanes);
  LANEWISE_NEXT
load_0_range:
load_0_repeated: {
  const float* const range = LANEWISE_AT;
  LANEWISE_EACH r[u] = v_load(range + u * kLanes);
}
  LANEWISE_NEXT
store_0_range:
store_0_repeated: {
  float* const range = LANEWISE_AT;
  LANEWISE_EACH v_store(range + u * kLanes, r[u]);
}
  LANEWISE_NEXT
  LANEWISE_ALONE(square, 0, v_mul(r[u], r[u]))
#define LINK(name, operands, function) LANEWISE_CODES_##operands(name, function)
#include "../links.inc"
#undef LINK
end_of_piece:
  LANEWISE_EACH v_store(last.data + (i & last.moves) + u * kLanes, r[u]);
  i += kChainPiece;
  if (i < n) goto begin_of_piece;
}

#pragma GCC diagnostic pop
#undef LANEWISE_EACH
#undef LANEWISE_NEXT
#undef LANEWISE_AT
#undef LANEWISE_OPERAND
#undef LANEWISE_ALONE
#undef LANEWISE_WITH
#undef LANEWISE_SECOND
#undef LANEWISE_THIRD
#undef LANEWISE_Y
#undef LANEWISE_Z
