// Attention and its gradient: near double precision, the same bits for any number of threads, and refusals.
#include "../ops/ops.h"
#include "arithmetic.h"

namespace lanewise::test {
namespace {

struct AttentionShape {
  std::size_t batch, heads, group, queries, keys, features, values;
  bool masked, causal, drops;

  std::size_t lines() const { return batch * heads * queries; }
  std::size_t key_lines() const { return batch * heads / group * keys; }
  // Heads side by side, but for the mask [queries, keys].
  std::vector<double> strides() const {
    std::vector<double> all;
    const auto add = [&](std::size_t of, std::size_t rows, std::size_t width) {
      for (const std::size_t step : {rows * of * width, width, of * width}) all.push_back(static_cast<double>(step));
    };
    add(heads, queries, features);
    add(heads / group, keys, features);
    add(heads / group, keys, values);
    add(heads, queries, values);
    all.insert(all.end(), {0.0, 0.0, static_cast<double>(keys), 1.0});
    return all;
  }
};

constexpr AttentionShape kAttentionShapes[] = {
    {1, 1, 1, 1, 1, 1, 1, false, false, false},     {2, 2, 1, 5, 7, 3, 9, true, false, false},
    {1, 4, 2, 50, 70, 8, 8, false, false, true},    {1, 1, 1, 130, 200, 33, 17, true, true, true},
    {3, 2, 1, 48, 64, 16, 16, false, true, false},  {1, 2, 2, 100, 200, 8, 500, true, true, false},
    {1, 3, 1, 70, 150, 8, 500, false, false, true},
};

struct AttentionMemory {
  explicit AttentionMemory(const AttentionShape& s)
      : query(Random(1).floats(s.lines() * s.features)),
        key(Random(2).floats(s.key_lines() * s.features)),
        value(Random(3).floats(s.key_lines() * s.values)),
        mask(Random(4).floats(s.queries * s.keys)),
        grad(Random(5).floats(s.lines() * s.values)),
        out(s.lines() * s.values),
        most(s.lines()),
        total(s.lines()),
        query_grad(s.lines() * s.features),
        key_grad(s.key_lines() * s.features),
        value_grad(s.key_lines() * s.values) {}

  void run(const ops::Context& context, const AttentionShape& s) {
    const std::vector<double> strides = s.strides();
    const std::int32_t words[] = {12345, -6789};
    const std::optional<ops::FloatIn> masks = s.masked ? std::optional(mask.in()) : std::nullopt;
    const std::optional<ops::IndexIn> drawn = s.drops ? std::optional(ops::IndexIn(words)) : std::nullopt;
    ops::attention(context, query.in(), key.in(), value.in(), masks, drawn, out.span(), most.span(), total.span(),
                   ops::Layout(strides), s.batch, s.heads, s.group, s.queries, s.keys, s.features, s.values, 0.4, 0.3,
                   s.causal);
    ops::attentionBackward(context, grad.in(), query.in(), key.in(), value.in(), masks, drawn, out.in(), most.in(),
                           total.in(), query_grad.span(), key_grad.span(), value_grad.span(), ops::Layout(strides),
                           s.batch, s.heads, s.group, s.queries, s.keys, s.features, s.values, 0.4, 0.3, s.causal);
  }

  std::vector<float> results() {
    std::vector<float> all;
    for (Floats* each : {&out, &most, &total, &query_grad, &key_grad, &value_grad}) {
      CHECK(each->guards_intact());
      const std::vector<float> more = each->values();
      all.insert(all.end(), more.begin(), more.end());
    }
    return all;
  }

  Floats query, key, value, mask, grad, out, most, total, query_grad, key_grad, value_grad;
};

// The result of a query of a head, in double precision, without dropout.
std::vector<double> expected_attention(const AttentionShape& s, AttentionMemory& m, std::size_t b, std::size_t h,
                                       std::size_t q) {
  const std::size_t key_heads = s.heads / s.group;
  std::vector<double> sums(s.values, 0.0);
  double total = 0.0;
  for (std::size_t k = 0; k < (s.causal ? std::min(s.keys, q + 1) : s.keys); ++k) {
    const std::size_t key = (b * s.keys + k) * key_heads + h / s.group, query = (b * s.queries + q) * s.heads + h;
    double score = 0.0;
    for (std::size_t e = 0; e < s.features; ++e) {
      score += static_cast<double>(m.query[query * s.features + e]) * m.key[key * s.features + e];
    }
    const double weight = std::exp(0.4 * score + (s.masked ? m.mask[q * s.keys + k] : 0.0));
    total += weight;
    for (std::size_t e = 0; e < s.values; ++e) sums[e] += weight * m.value[key * s.values + e];
  }
  for (double& sum : sums) sum /= total;
  return sums;
}

TEST_CASE("attention: the same bits for any number of threads, near double precision") {
  on_each_isa([](const KernelTable& table) {
    for (const AttentionShape& s : kAttentionShapes) {
      std::vector<float> first;
      for (const std::size_t threads : kThreadCounts) {
        AttentionMemory m(s);
        m.run(context_of(table, threads), s);
        const std::vector<float> results = m.results();
        if (first.empty()) first = results;
        CHECK(same_bits(first, results));
      }
      if (s.drops) continue;
      AttentionMemory m(s);
      bool right = true;
      for (std::size_t row = 0; row < s.lines(); ++row) {
        const std::size_t b = row / (s.queries * s.heads), q = row / s.heads % s.queries, h = row % s.heads;
        const std::vector<double> sums = expected_attention(s, m, b, h, q);
        for (std::size_t e = 0; e < s.values; ++e) {
          right = right && std::fabs(first[row * s.values + e] - sums[e]) < 2e-6;
        }
      }
      CAPTURE(s.keys);
      CHECK(right);
    }
  });
}

TEST_CASE("attention refuses memory that is too short, and strides that are none, before it writes") {
  const ops::Context context = context_of(*kernels::available().front());
  const AttentionShape s = kAttentionShapes[1];
  AttentionMemory m(s);
  const std::vector<double> good = s.strides();
  const auto run = [&](ops::FloatIn key, const std::vector<double>& strides, std::size_t group) {
    ops::attention(context, m.query.in(), key, m.value.in(), std::nullopt, std::nullopt, m.out.span(), m.most.span(),
                   m.total.span(), ops::Layout(strides), s.batch, s.heads, group, s.queries, s.keys, s.features,
                   s.values, 0.4, 0.0, false);
  };
  const std::vector<float> before = m.results();
  CHECK_THROWS_AS(run(m.key.in().first(s.key_lines() * s.features - 1), good, 1), std::invalid_argument);
  CHECK_THROWS_AS(run(m.key.in(), {1.0, 2.0}, 1), std::invalid_argument);
  CHECK_THROWS_AS(run(m.key.in(), good, 3), std::invalid_argument);
  CHECK_THROWS_AS(run(m.key.in(), good, 0), std::invalid_argument);
  std::vector<double> bad = good;
  bad[15] = 2.0;
  CHECK_THROWS_AS(run(m.key.in(), bad, 1), std::invalid_argument);
  bad = good;
  bad[0] = 1e300;
  CHECK_THROWS_AS(run(m.key.in(), bad, 1), std::exception);
  bad[0] = 9007199254740991.0;
  CHECK_THROWS_AS(run(m.key.in(), bad, 1), std::exception);
  CHECK(same_bits(before, m.results()));
}

}  // namespace
}  // namespace lanewise::test
