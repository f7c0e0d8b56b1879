// Over the vocabulary of an instruction set, so included once for each.

inline constexpr int kChains = 12;
inline constexpr double kFmaChainFlops = 2.0 * kChains * kLanes;  // of one round

// Twelve chains hide a latency of four to five cycles on two multiply-add units.
[[maybe_unused]] static void fma_chains(std::size_t rounds, float* out) {
  const Vf a = v_splat(0.999999f), b = v_splat(1.0e-6f);
  Vf chain[kChains];
  LANEWISE_UNROLL
  for (int i = 0; i < kChains; ++i) chain[i] = v_splat(static_cast<float>(i));
  for (std::size_t round = 0; round < rounds; ++round) {
    LANEWISE_UNROLL
    for (int i = 0; i < kChains; ++i) v_accumulate(chain[i], a, b);
  }
  Vf sum = v_splat(0.0f);
  LANEWISE_UNROLL
  for (int i = 0; i < kChains; ++i) sum = v_add(sum, chain[i]);
  v_store_n(out, sum, 1);
}
