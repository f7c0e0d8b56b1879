// The transforms of Winograd's F(2×2, 3×3) against its matrices. Numbers are small integers, so every transform is
// exact.
#include <array>

#include "arithmetic.h"

namespace lanewise::test {
namespace {

using SmallMatrix = std::array<std::array<double, 4>, 4>;  // of at most 4×4, the rest zeros

constexpr SmallMatrix kInput{{{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}};  // Bᵀ
constexpr SmallMatrix kWeights{{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};  // G
constexpr SmallMatrix kOutput{{{1, 1, 1, 0}, {0, 1, -1, -1}}};                              // Aᵀ
// Gradients have the last line of A with the other sign, and their sums that of G.
constexpr SmallMatrix kGradient{{{1, 0}, {1, 1}, {1, -1}, {0, 1}}};
constexpr SmallMatrix kGather{{{1, 0.5, 0.5, 0}, {0, 0.5, -0.5, 0}, {0, 0.5, 0.5, -1}}};

SmallMatrix product(const SmallMatrix& a, const SmallMatrix& b, bool b_transposed = false) {
  SmallMatrix c{};
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t p = 0; p < 4; ++p) c[i][j] += a[i][p] * (b_transposed ? b[j][p] : b[p][j]);
    }
  }
  return c;
}

SmallMatrix transformed(const SmallMatrix& by, const SmallMatrix& x) { return product(product(by, x), by, true); }

std::vector<float> integers(std::uint32_t seed, std::size_t n, std::int32_t scale = 1) {
  const std::vector<std::int32_t> drawn = Random(seed).ints(n, 17);
  std::vector<float> result(n);
  for (std::size_t i = 0; i < n; ++i) result[i] = static_cast<float>((drawn[i] - 8) * scale);
  return result;
}

std::vector<std::size_t> channel_counts(const KernelTable& table) {
  return {1, 3, 4, 15, 16, 17, table.gemm_nr, table.gemm_nr + 1};
}

// A pixel of an image [height, width, channels], zero outside.
struct Image {
  std::ptrdiff_t height, width;
  std::size_t channels;
  const float* data;

  double at(std::ptrdiff_t y, std::ptrdiff_t x, std::size_t c) const {
    if (y < 0 || y >= height || x < 0 || x >= width) return 0;
    return data[static_cast<std::size_t>(y * width + x) * channels + c];
  }
};

void check_input(const KernelTable& table, std::ptrdiff_t height, std::ptrdiff_t width, std::ptrdiff_t row,
                 std::ptrdiff_t column) {
  for (const std::size_t channels : channel_counts(table)) {
    const std::size_t tiles = 3, stride = channels + 5, apart = tiles * stride + 2;
    Floats image(integers(1, static_cast<std::size_t>(height * width) * channels)), v(16 * apart);
    table.winograd_input(image.data(), static_cast<std::size_t>(height), static_cast<std::size_t>(width), channels, row,
                         column, tiles, v.data(), stride, apart);
    const Image pixels{height, width, channels, image.data()};
    bool right = v.guards_intact();
    for (std::size_t t = 0; t < tiles; ++t) {
      for (std::size_t c = 0; c < stride; ++c) {
        SmallMatrix patch{};
        for (std::size_t k = 0; k < 16 && c < channels; ++k) {
          patch[k / 4][k % 4] = pixels.at(row + static_cast<std::ptrdiff_t>(k / 4),
                                          column + static_cast<std::ptrdiff_t>(2 * t + k % 4), c);
        }
        const SmallMatrix expected = transformed(kInput, patch);
        for (std::size_t k = 0; k < 16; ++k) {
          const float actual = v[k * apart + t * stride + c];
          right = right && (c < channels ? actual == expected[k / 4][k % 4] : std::isnan(actual));
        }
      }
    }
    CAPTURE(height);
    CAPTURE(width);
    CAPTURE(row);
    CAPTURE(column);
    CAPTURE(channels);
    CHECK(right);
  }
}

TEST_CASE("winograd_input is Bᵀ d B of each patch, pixels outside being zero") {
  on_each_isa([](const KernelTable& table) {
    for (const std::ptrdiff_t row : {-2, -1, 0, 1, 4}) {
      for (const std::ptrdiff_t column : {-2, -1, 0}) {
        check_input(table, 1, 1, row, column);
        check_input(table, 5, 4, row, column);
        check_input(table, 6, 9, row, column);
      }
    }
    check_input(table, 2, 2, 7, -1);
    check_input(table, 2, 2, -9, -1);
  });
}

TEST_CASE("winograd_output is Aᵀ m A and the bias, for odd sizes the part that there is") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr;
    for (const std::size_t width : {1, 2, 5, 6}) {
      for (const std::size_t rows : {1, 2}) {
        for (const std::size_t columns : {std::size_t{1}, nr - 1, nr}) {
          for (const bool biased : {false, true}) {
            const std::size_t tiles = (width + 1) / 2, apart = tiles * nr + 3, pixel = columns + 2;
            const std::size_t row = width * pixel + 1;
            Floats m(integers(1, 16 * apart)), bias(integers(2, columns)), out(rows * row);
            table.winograd_output(m.data(), apart, biased ? bias.data() : nullptr, out.data(), row, pixel, rows, width,
                                  columns);
            bool right = out.guards_intact();
            for (std::size_t i = 0; i < rows * row; ++i) {
              const std::size_t y = i / row, x = i % row / pixel, j = i % row % pixel;
              if (x >= width || j >= columns) {
                right = right && std::isnan(out[i]);
                continue;
              }
              SmallMatrix products{};
              for (std::size_t k = 0; k < 16; ++k) products[k / 4][k % 4] = m[k * apart + x / 2 * nr + j];
              const double expected = transformed(kOutput, products)[y][x % 2] + (biased ? bias[j] : 0.0f);
              right = right && out[i] == expected;
            }
            CAPTURE(width);
            CAPTURE(rows);
            CAPTURE(columns);
            CAPTURE(biased);
            CHECK(right);
          }
        }
      }
    }
  });
}

TEST_CASE("winograd_gradient is A g Aᵀ in panels, with zeros behind them") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr;
    for (const std::size_t channels : channel_counts(table)) {
      for (const std::size_t width : {1, 2, 5}) {
        for (const std::size_t row : {0, 2}) {  // the second of which is the last one
          const std::size_t height = 3, tiles = (width + 1) / 2, panels = (channels + nr - 1) / nr;
          const std::size_t panel_step = tiles * nr + 4, apart = panels * panel_step + 1;
          const std::size_t pixel = channels + row;  // of which `channels` are taken
          Floats image(integers(1, height * width * pixel)), y(16 * apart);
          table.winograd_gradient(image.data(), height, width, pixel, channels, row, y.data(), panel_step, apart);
          const Image pixels{3, static_cast<std::ptrdiff_t>(width), pixel, image.data()};
          bool right = y.guards_intact();
          for (std::size_t t = 0; t < tiles; ++t) {
            for (std::size_t c = 0; c < panels * nr; ++c) {
              SmallMatrix tile{};
              for (std::size_t k = 0; k < 4 && c < channels; ++k) {
                tile[k / 2][k % 2] =
                    pixels.at(static_cast<std::ptrdiff_t>(row + k / 2), static_cast<std::ptrdiff_t>(2 * t + k % 2), c);
              }
              const SmallMatrix expected = transformed(kGradient, tile);
              for (std::size_t k = 0; k < 16; ++k) {
                right = right && y[k * apart + c / nr * panel_step + t * nr + c % nr] == expected[k / 4][k % 4];
              }
            }
          }
          CAPTURE(channels);
          CAPTURE(width);
          CAPTURE(row);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("winograd_weights is G g Gᵀ for each lane, of rotated taps too") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr, lines = 3, apart = lines * nr + 5;
    for (std::size_t columns = 1; columns <= nr; ++columns) {
      for (const bool rotated : {false, true}) {
        // As weights [columns, lines, 3, 3], and as [lines, columns, 3, 3].
        for (const bool across : {false, true}) {
          const std::size_t lane_step = across ? 9 : 9 * lines, line_step = across ? 9 * columns : 9;
          Floats w(integers(1, columns * lines * 9, 4)), u(16 * apart);
          table.winograd_weights(w.data(), lane_step, line_step, rotated, lines, columns, u.data(), apart);
          bool right = u.guards_intact();
          for (std::size_t line = 0; line < lines; ++line) {
            for (std::size_t j = 0; j < nr; ++j) {
              SmallMatrix taps{};
              for (std::size_t k = 0; k < 9 && j < columns; ++k) {
                taps[k / 3][k % 3] = w[line * line_step + j * lane_step + (rotated ? 8 - k : k)];
              }
              const SmallMatrix expected = transformed(kWeights, taps);
              for (std::size_t k = 0; k < 16; ++k) {
                right = right && u[k * apart + line * nr + j] == expected[k / 4][k % 4];
              }
            }
          }
          CAPTURE(columns);
          CAPTURE(rotated);
          CAPTURE(across);
          CHECK(right);
        }
      }
    }
  });
}

TEST_CASE("winograd_weight_gradient is Gᵀ u G for each lane") {
  on_each_isa([](const KernelTable& table) {
    const std::size_t nr = table.gemm_nr, lines = 3, apart = lines * nr + 5;
    for (std::size_t columns = 1; columns <= nr; ++columns) {
      Floats u(integers(1, 16 * apart, 4)), w(columns * lines * 9);
      table.winograd_weight_gradient(u.data(), apart, lines, columns, w.data(), lines * 9, 9);
      bool right = w.guards_intact();
      for (std::size_t line = 0; line < lines; ++line) {
        for (std::size_t j = 0; j < columns; ++j) {
          SmallMatrix sums{};
          for (std::size_t k = 0; k < 16; ++k) sums[k / 4][k % 4] = u[k * apart + line * nr + j];
          const SmallMatrix expected = transformed(kGather, sums);
          for (std::size_t k = 0; k < 9; ++k) {
            right = right && w[(j * lines + line) * 9 + k] == expected[k / 3][k % 3];
          }
        }
      }
      CAPTURE(columns);
      CHECK(right);
    }
  });
}

}  // namespace
}  // namespace lanewise::test
