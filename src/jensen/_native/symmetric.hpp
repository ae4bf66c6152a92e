// The heavy loop of the moments: Σ_n u_n u_nᵀ of rows u_n = √r_n (x_n − μ), the lower triangle.
//
//   Σ_n r_n (x_n − μ)(x_n − μ)ᵀ = Σ_n u_n u_nᵀ
//
// so that one block of rows is both factors of a product, and only its lower triangle is computed. A tile of it is
// kDown × kAcross vectors of sums that stay in registers while the rows go by: a row is kAcross loads of vectors and
// kDown of single numbers for kDown · kAcross multiply-adds. No sum ever crosses the lanes of a vector.
#pragma once

#include "simd.hpp"

namespace jensen::JENSEN_ISA {

// 24 sums in 32 registers; 8 in 16, where the loads take the rest.
constexpr int kDown = kBytes == 64 ? 8 : 4;
constexpr int kAcross = kBytes == 64 ? 3 : 2;
// Rows that are summed in the precision of the data before the sums go to double precision: so few that a tile's rows
// stay in the first cache, and that single precision loses less than rounding the rows did.
constexpr std::int64_t kTileRows = 128;

// What a row is padded to with zeros: whole lines of the cache, an odd number of them, because rows
// that are a power of two apart would compete for the same lines.
template <class T>
std::int64_t padded_columns(std::int64_t d) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  return ((d + line - 1) / line | 1) * line;
}

// second[i][j] += Σ_n u[n][i0 + i] u[n][j0 + j] in double precision; of `rows` × `columns` numbers.
template <class T, int kRows, int kVectors>
void add_tile(const T* u, std::int64_t count, std::int64_t pitch, std::int64_t i0, std::int64_t j0, std::int64_t rows,
              std::int64_t columns, double* second, std::int64_t d) {
  V<T> sum[kRows][kVectors] = {};
  const T *down = u + i0, *across = u + j0;
  for (std::int64_t n = 0; n < count; ++n, down += pitch, across += pitch) {
    V<T> b[kVectors];
    JENSEN_UNROLL
    for (int v = 0; v < kVectors; ++v) b[v] = vectors(across)[v];
    JENSEN_UNROLL
    for (int i = 0; i < kRows; ++i) {
      const V<T> a = broadcast<T>(down[i]);
      JENSEN_UNROLL
      for (int v = 0; v < kVectors; ++v) sum[i][v] += a * b[v];
    }
  }
  alignas(64) T tile[kRows][kVectors * Simd<T>::lanes];
  JENSEN_UNROLL
  for (int i = 0; i < kRows; ++i) {
    JENSEN_UNROLL
    for (int v = 0; v < kVectors; ++v) vectors(tile[i])[v] = sum[i][v];
  }
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) second[(i0 + i) * d + j0 + j] += double(tile[i][j]);
}

template <class T, int kRows>
void add_tile(std::int64_t vectors, const T* u, std::int64_t count, std::int64_t pitch, std::int64_t i0, std::int64_t j0,
              std::int64_t rows, std::int64_t columns, double* second, std::int64_t d) {
  switch (vectors) {
    case 1: return add_tile<T, kRows, 1>(u, count, pitch, i0, j0, rows, columns, second, d);
    case 2: return add_tile<T, kRows, 2>(u, count, pitch, i0, j0, rows, columns, second, d);
    default: return add_tile<T, kRows, kAcross>(u, count, pitch, i0, j0, rows, columns, second, d);
  }
}

// second (d, d) += Σ_n u_n u_nᵀ, at least the lower triangle.
template <class T>
void add_symmetric(const T* u, std::int64_t count, std::int64_t pitch, std::int64_t d, double* second) {
  constexpr std::int64_t lanes = Simd<T>::lanes;
  for (std::int64_t i0 = 0; i0 < d; i0 += kDown) {
    const std::int64_t rows = d - i0 < kDown ? d - i0 : kDown, width = i0 + rows;
    for (std::int64_t j0 = 0, wide; j0 < width; j0 += wide * lanes) {
      const std::int64_t left = (width - j0 + lanes - 1) / lanes;
      wide = left <= kAcross ? left : left < 2 * kAcross ? (left + 1) / 2 : kAcross;  // 4 are 2 and 2, not 3 and 1
      const std::int64_t columns = d - j0 < wide * lanes ? d - j0 : wide * lanes;
      if (rows > kDown / 2)
        add_tile<T, kDown>(wide, u, count, pitch, i0, j0, rows, columns, second, d);
      else  // the last few
        add_tile<T, kDown / 2>(wide, u, count, pitch, i0, j0, rows, columns, second, d);
    }
  }
}

}  // namespace jensen::JENSEN_ISA
