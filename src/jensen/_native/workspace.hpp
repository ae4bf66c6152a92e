// A thread's memory for one pass: the packed parameters and one block of rows, stored by column.
#pragma once

#include "kernels.hpp"
#include "transpose.hpp"
#include "triangular.hpp"

namespace jensen::JENSEN_ISA {

constexpr std::int64_t kSmall = 8;  // columns up to which everything of a row fits registers

// Long enough that sums of lanes are rare, short enough that a block and its products stay in the second cache.
template <class T>
std::int64_t block_rows(std::int64_t d, std::int64_t n) {
  const std::int64_t wide = 8 / sizeof(T);
  const std::int64_t most = d <= 16 ? 512 : d <= 64 ? 256 * wide : d <= 192 ? 256 : 128;
  const std::int64_t few = round_up(n, kTall * Simd<T>::lanes);
  return few < most ? few : most;
}

template <class T>
struct Workspace {
  std::int64_t k, d, padded_d, factor_size;
  std::int64_t rows, pitch;  // rows of a block; numbers from one column to the next
  Span span;                 // the same in vectors
  T *shift, *means, *white_means, *factors;  // (d), (k, d), pooled: W μ (k, d), packed factors
  T *block, *joint, *distance;               // (padded d, pitch), (k, pitch), totals: (k, pitch)
  T *weight, *evidence;                      // (rows)
  T *plain, *weighted;                       // (padded d, pitch): x − μ_k and r (x − μ_k)
  V<T>* scratch;
  std::size_t bytes = 0;

  Workspace(const Prepared& m, void* memory)
      : k(m.k), d(m.d), padded_d(round_up(m.d, kTall)), rows(block_rows<T>(m.d, m.n)),
        pitch(rows + 64 / static_cast<std::int64_t>(sizeof(T))),
        span{rows / Simd<T>::lanes, pitch / Simd<T>::lanes}, base_(static_cast<char*>(memory)) {
    const Moments kind = m.kind;
    const bool matrix = kind == Moments::matrices || kind == Moments::pooled;
    const bool unpacked = kind == Moments::matrices && d <= kSmall;
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
    plain = take(matrix ? padded_d * pitch : 0);
    weighted = take(matrix ? padded_d * pitch : 0);
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

// Rows minus the shift, by column; rows beyond `count` are zero and have weight 0.
template <class T>
void load_block(const Workspace<T>& ws, const Rows<T>& rows, std::int64_t begin, std::int64_t count) {
  const std::int64_t d = ws.d, b = ws.rows;
  transpose_rows<T>(rows.x + begin * d, rows.x + rows.n * d, count, d, ws.shift, ws.block, ws.pitch);
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
