// Squares of lanes × lanes numbers transposed in registers, in log₂(lanes) stages.
#pragma once

#include <utility>

#include "simd.hpp"

namespace jensen::JENSEN_ISA {

template <class T, int kStep, std::size_t... kLane>
JENSEN_INLINE void exchange(V<T>& a, V<T>& b, std::index_sequence<kLane...>) {
  constexpr int n = Simd<T>::lanes;
  const V<T> low = __builtin_shufflevector(a, b, ((kLane & kStep) ? n + kLane - kStep : kLane)...);
  const V<T> high = __builtin_shufflevector(a, b, ((kLane & kStep) ? n + kLane : kLane + kStep)...);
  a = low;
  b = high;
}

template <class T, int kStep = 1>
JENSEN_INLINE void transpose_square(V<T>* rows) {
  constexpr int n = Simd<T>::lanes;
  if constexpr (kStep < n) {
    JENSEN_UNROLL
    for (int i = 0; i < n; ++i)
      if (!(i & kStep)) exchange<T, kStep>(rows[i], rows[i + kStep], std::make_index_sequence<n>());
    transpose_square<T, 2 * kStep>(rows);
  }
}

// Sums of the lanes of a vector for each lane: two vectors at a time are folded into one.
template <class T, int kStep = 1>
JENSEN_INLINE V<T> fold(V<T>* v) {
  constexpr int n = Simd<T>::lanes;
  JENSEN_UNROLL
  for (int i = 0; i < n; i += 2 * kStep) {
    exchange<T, kStep>(v[i], v[i + kStep], std::make_index_sequence<n>());
    v[i] += v[i + kStep];
  }
  if constexpr (2 * kStep < n) return fold<T, 2 * kStep>(v);
  return v[0];
}

// out[i] = the sum of the lanes of v[i], as many vectors as there are lanes at once: `count` is a multiple of that.
template <class T>
JENSEN_INLINE void horizontal_sums(const V<T>* v, std::int64_t count, T* out) {
  constexpr int n = Simd<T>::lanes;
  for (std::int64_t begin = 0; begin < count; begin += n) {
    V<T> group[n];
    JENSEN_UNROLL
    for (int i = 0; i < n; ++i) group[i] = v[begin + i];
    *vectors(out + begin) = fold<T>(group);
  }
}

// columns[j * stride + n] = x[n * d + j] − shift[j] for n < count; reads nothing at or beyond `end`.
template <class T>
void transpose_rows(const T* x, const T* end, std::int64_t count, std::int64_t d, const T* shift, T* columns,
                    std::int64_t stride) {
  constexpr int lanes = Simd<T>::lanes;
  std::int64_t done = 0;
  for (; done + lanes <= count && x + (done + lanes - 1) * d + round_up(d, lanes) <= end; done += lanes)
    for (std::int64_t j0 = 0; j0 < d; j0 += lanes) {
      V<T> square[lanes];
      JENSEN_UNROLL
      for (int i = 0; i < lanes; ++i) __builtin_memcpy(&square[i], x + (done + i) * d + j0, sizeof(V<T>));
      transpose_square<T>(square);
      JENSEN_UNROLL
      for (int j = 0; j < lanes; ++j)
        if (j0 + j < d) *vectors(columns + (j0 + j) * stride + done) = square[j] - shift[j0 + j];
    }
  for (; done < count; ++done)
    for (std::int64_t j = 0; j < d; ++j) columns[j * stride + done] = x[done * d + j] - shift[j];
}

}  // namespace jensen::JENSEN_ISA
