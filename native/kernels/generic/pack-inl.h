// Panels of B: kGemmNr columns side by side, one line after the other with k ascending, zeros where columns are
// missing.
#pragma once

static void pack_rows(const float* b, std::size_t stride, std::size_t k, std::size_t columns, float* panel) {
  if (columns == kGemmNr) {
    for (std::size_t p = 0; p < k; ++p) {
      for (int j = 0; j < kGemmNr; j += kLanes) v_store(panel + j, v_load(b + j));
      b += stride;
      panel += kGemmNr;
    }
    return;
  }
  for (std::size_t p = 0; p < k; ++p) {
    for (std::size_t j = 0; j < kGemmNr; ++j) panel[j] = j < columns ? b[j] : 0.0f;
    b += stride;
    panel += kGemmNr;
  }
}

static void pack_columns(const float* b, std::size_t stride, std::size_t k, std::size_t columns, float* panel) {
  std::size_t p = 0;
  if (columns == kGemmNr) {
    for (; p + kLanes <= k; p += kLanes) {
      for (int j = 0; j < kGemmNr; j += kLanes) {
        Vf block[kLanes];
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) block[i] = v_load(b + static_cast<std::size_t>(j + i) * stride + p);
        v_transpose(block);
        LANEWISE_UNROLL
        for (int i = 0; i < kLanes; ++i) v_store(panel + (p + static_cast<std::size_t>(i)) * kGemmNr + j, block[i]);
      }
    }
  }
  for (; p < k; ++p) {
    for (std::size_t j = 0; j < kGemmNr; ++j) panel[p * kGemmNr + j] = j < columns ? b[j * stride + p] : 0.0f;
  }
}
