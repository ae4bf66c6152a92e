// A thread's memory for one pass: the packed parameters and one block of rows, stored by column.
#pragma once

#include "kernels.hpp"
#include "symmetric.hpp"
#include "transpose.hpp"
#include "triangular.hpp"

namespace jensen::JENSEN_ISA {

constexpr std::int64_t kSmall = 16;  // columns up to which rows are kept in registers, see small.hpp
static_assert(kSmall >= Simd<float>::lanes);

// Long enough that sums of lanes are rare, short enough that a block and its products stay near: in the first cache
// what a component's moments go over again and again, else in the second.
template <class T>
std::int64_t block_rows(const Prepared& m) {
  const std::int64_t wide = 8 / sizeof(T);
  const bool matrices = m.kind == Moments::matrices;
  const std::int64_t most = m.d <= 8                   ? 512
                            : matrices && m.d > kSmall ? kTileRows
                            : matrices                 ? 256 * wide
                            : m.d <= 16                ? 512
                            : m.d <= 64                ? 256 * wide
                            : m.d <= 192               ? 256
                                                       : 128;
  const std::int64_t few = round_up(m.n, kTall * Simd<T>::lanes);
  return few < most ? few : most;
}

template <class T>
struct Workspace {
  std::int64_t k, d, padded_d, factor_size;
  std::int64_t rows, pitch;  // rows of a block; numbers from one column to the next
  Span span;                 // the same in vectors
  std::int64_t row_pitch;    // numbers from one row to the next, where rows are kept as rows; 0 where they are not
  T *shift, *means, *white_means, *factors;  // (d), (k, d), pooled: W μ (k, d), packed factors
  T *block, *joint, *distance;               // (padded d, pitch), (k, pitch), totals: (k, pitch)
  T *weight, *evidence, *scale;              // (rows); the scale of a row's roots
  T *white, *origin;                         // pooled: W x (padded d, pitch), and 0 (d)
  double* unused;                            // pooled: (d)
  T *plain, *weighted;                       // (rows, row pitch): x, and √r_k (x − μ_k)
  T *centre, *root;                          // (row pitch): μ_k; (rows): √r_k of the rows that are kept
  std::int32_t* kept;                        // (rows): which these are
  V<T>* scratch;
  std::size_t bytes = 0;

  Workspace(const Prepared& m, void* memory)
      : k(m.k), d(m.d), padded_d(round_up(m.d, kTall)), rows(block_rows<T>(m)),
        pitch(rows + 64 / static_cast<std::int64_t>(sizeof(T))),
        span{rows / Simd<T>::lanes, pitch / Simd<T>::lanes}, base_(static_cast<char*>(memory)) {
    const Moments kind = m.kind;
    const bool matrix = kind == Moments::matrices || kind == Moments::pooled;
    const bool unpacked = kind == Moments::matrices && d <= kSmall;
    row_pitch = matrix && d > kSmall ? padded_columns<T>(d) : 0;
    factor_size = matrix ? (unpacked ? d * d : packed_size(d)) : kind == Moments::columns ? d : 1;
    shift = take(d);
    means = take(k * d);
    white_means = take(kind == Moments::pooled ? k * d : 0);
    factors = take((kind == Moments::pooled ? 1 : k) * factor_size);
    block = take(padded_d * pitch);
    joint = take(k * pitch);
    distance = take(kind == Moments::totals ? k * pitch : 0);
    weight = take(rows);
    evidence = take(rows);
    scale = take(rows);
    white = take(kind == Moments::pooled ? padded_d * pitch : 0);
    origin = take(kind == Moments::pooled ? d : 0);
    unused = (double*)take(kind == Moments::pooled ? 2 * d : 0);
    plain = take(rows * row_pitch);
    weighted = take(rows * row_pitch);
    centre = take(row_pitch);
    root = take(rows);
    kept = (std::int32_t*)take(rows);
    scratch = (V<T>*)take(padded_d * kWide * Simd<T>::lanes);
  }

 private:
  T* take(std::int64_t count) {
    T* part = base_ ? (T*)(base_ + bytes) : nullptr;
    bytes += static_cast<std::size_t>(round_up(count * static_cast<std::int64_t>(sizeof(T)), 64));
    return part;
  }
  char* base_;
};

// out[j] = x[j] − shift[j] for j < d, d at least the lanes of a vector: the last one overlaps the one before.
template <class T>
void subtract_shift(const T* x, const T* shift, std::int64_t d, T* out) {
  constexpr std::int64_t lanes = Simd<T>::lanes;
  for (std::int64_t j = 0; j < d; j += lanes) {
    const std::int64_t at = j + lanes <= d ? j : d - lanes;
    V<T> a, b;
    __builtin_memcpy(&a, x + at, sizeof a);
    __builtin_memcpy(&b, shift + at, sizeof b);
    a -= b;
    __builtin_memcpy(out + at, &a, sizeof a);
  }
}

// Rows minus the shift, by column and where they are needed by row; rows beyond `count` are zero and have weight 0.
template <class T>
void load_block(const Workspace<T>& ws, const Rows<T>& rows, std::int64_t begin, std::int64_t count) {
  const std::int64_t d = ws.d, b = ws.rows;
  transpose_rows<T>(rows.x + begin * d, rows.x + rows.n * d, count, d, ws.shift, ws.block, ws.pitch);
  if (ws.row_pitch)
    for (std::int64_t n = 0; n < count; ++n)
      subtract_shift<T>(rows.x + (begin + n) * d, ws.shift, d, ws.plain + n * ws.row_pitch);
  for (std::int64_t n = 0; n < count; ++n) ws.weight[n] = rows.weight ? T(rows.weight[begin + n]) : T(1);
  if (count == b) return;
  for (std::int64_t j = 0; j < d; ++j)
    for (std::int64_t n = count; n < b; ++n) ws.block[j * ws.pitch + n] = 0;
  for (std::int64_t n = count; n < b; ++n) ws.weight[n] = 0;
}

template <class T>
double total_weight(const Rows<T>& rows, std::int64_t begin, std::int64_t count) {
  if (!rows.weight) return double(count);
  double total = 0;
  for (std::int64_t n = begin; n < begin + count; ++n) total += rows.weight[n];
  return total;
}

}  // namespace jensen::JENSEN_ISA
