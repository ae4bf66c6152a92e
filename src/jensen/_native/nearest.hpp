// The nearest of several centres for rows that are stored by column: a vector is one column of several rows.
#pragma once

#include "simd.hpp"

namespace jensen::JENSEN_ISA {

constexpr int kCentres = 4;  // that a row is compared with at once
static_assert(8 % Simd<double>::lanes == 0);  // rows come in eights

template <int kCount>
JENSEN_INLINE void compare(const double* x, std::int64_t pitch, std::int64_t d, const double* centres, std::int64_t first,
                           V<double>& best, Simd<double>::I& label) {
  V<double> sum[kCount] = {};
  for (std::int64_t j = 0; j < d; ++j) {
    V<double> column;
    __builtin_memcpy(&column, x + j * pitch, sizeof column);
    JENSEN_UNROLL
    for (int c = 0; c < kCount; ++c) {
      const V<double> u = column - centres[(first + c) * d + j];
      sum[c] += u * u;
    }
  }
  JENSEN_UNROLL
  for (int c = 0; c < kCount; ++c) {
    const auto nearer = sum[c] < best;
    best = nearer ? sum[c] : best;
    label = nearer ? Simd<double>::I{} + (first + c) : label;
  }
}

void nearest(const double* columns, std::int64_t pitch, std::int64_t count, std::int64_t d, const double* centres,
             std::int64_t k, double* distance, std::int32_t* labels) {
  constexpr int lanes = Simd<double>::lanes;
  for (std::int64_t n = 0; n < count; n += lanes) {
    V<double> best;
    Simd<double>::I label = {};
    __builtin_memcpy(&best, distance + n, sizeof best);
    std::int64_t c = 0;
    for (; c + kCentres <= k; c += kCentres) compare<kCentres>(columns + n, pitch, d, centres, c, best, label);
    for (; c < k; ++c) compare<1>(columns + n, pitch, d, centres, c, best, label);
    __builtin_memcpy(distance + n, &best, sizeof best);
    if (labels)
      for (int i = 0; i < lanes; ++i) labels[n + i] = static_cast<std::int32_t>(label[i]);
  }
}

}  // namespace jensen::JENSEN_ISA
