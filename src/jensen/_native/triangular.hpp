// The heavy loop of the distances: W x with a triangular W, on blocks of rows stored by column (one column of the data
// after the other), in tiles that stay in registers.
#pragma once

#include "simd.hpp"

namespace jensen::JENSEN_ISA {

// A block's columns: `count` vectors of rows each, `pitch` vectors apart. The pitch is not a power of two: columns that
// are would compete for the same lines of the cache.
struct Span {
  std::int64_t count, pitch;
};

// W (d, d) lower triangular → tiles of kTall rows, column by column, zero-padded.
inline std::int64_t packed_size(std::int64_t d) {
  std::int64_t size = 0;
  for (std::int64_t i = 0; i < d; i += kTall) size += (i + kTall < d ? i + kTall : d) * kTall;
  return size;
}

template <class T>
void pack_triangle(const double* w, std::int64_t d, T* out) {
  for (std::int64_t i0 = 0; i0 < d; i0 += kTall) {
    const std::int64_t columns = i0 + kTall < d ? i0 + kTall : d;
    for (std::int64_t j = 0; j < columns; ++j)
      for (std::int64_t i = i0; i < i0 + kTall; ++i) *out++ = i < d && j <= i ? T(w[i * d + j]) : T(0);
  }
}

// One tile of y = W x for kWide vectors of rows; calls use(i, v, y).
template <class T, class Use>
JENSEN_INLINE void multiply_tile(const T* w, std::int64_t columns, const V<T>* x, Use use) {
  V<T> y[kTall][kWide] = {};
  for (std::int64_t j = 0; j < columns; ++j) {
    V<T> xj[kWide];
    JENSEN_UNROLL
    for (int v = 0; v < kWide; ++v) xj[v] = x[j * kWide + v];
    JENSEN_UNROLL
    for (int i = 0; i < kTall; ++i) {
      JENSEN_UNROLL
      for (int v = 0; v < kWide; ++v) y[i][v] += w[j * kTall + i] * xj[v];
    }
  }
  JENSEN_UNROLL
  for (int i = 0; i < kTall; ++i) {
    JENSEN_UNROLL
    for (int v = 0; v < kWide; ++v) use(i, v, y[i][v]);
  }
}

// out[n] = use(‖W (x_n − mean)‖²), any d. `scratch` holds d × kWide vectors.
template <class T, class Use>
void squared_norms(const T* block, Span span, std::int64_t d, const T* mean, const T* packed, T* out,
                   V<T>* scratch, Use use) {
  for (std::int64_t c = 0; c < span.count; c += kWide) {
    for (std::int64_t j = 0; j < d; ++j) {
      JENSEN_UNROLL
      for (int v = 0; v < kWide; ++v) scratch[j * kWide + v] = vectors(block)[j * span.pitch + c + v] - mean[j];
    }
    V<T> norm[kWide] = {};
    const T* w = packed;
    for (std::int64_t i0 = 0; i0 < d; i0 += kTall) {
      const std::int64_t columns = i0 + kTall < d ? i0 + kTall : d;
      multiply_tile<T>(w, columns, scratch, [&](int, int v, V<T> y) __attribute__((always_inline)) { norm[v] += y * y; });
      w += columns * kTall;
    }
    JENSEN_UNROLL
    for (int v = 0; v < kWide; ++v) vectors(out)[c + v] = use(norm[v]);
  }
}

// out (padded d, rows) = W x, rows beyond d zero.
template <class T>
void multiply_block(const T* block, Span span, std::int64_t d, const T* packed, T* out, V<T>* scratch) {
  for (std::int64_t c = 0; c < span.count; c += kWide) {
    for (std::int64_t j = 0; j < d; ++j) {
      JENSEN_UNROLL
      for (int v = 0; v < kWide; ++v) scratch[j * kWide + v] = vectors(block)[j * span.pitch + c + v];
    }
    const T* w = packed;
    for (std::int64_t i0 = 0; i0 < d; i0 += kTall) {
      const std::int64_t columns = i0 + kTall < d ? i0 + kTall : d;
      multiply_tile<T>(w, columns, scratch, [&](int i, int v, V<T> y) __attribute__((always_inline)) {
        vectors(out)[(i0 + i) * span.pitch + c + v] = y;
      });
      w += columns * kTall;
    }
  }
}

}  // namespace jensen::JENSEN_ISA
