// Few columns, their number known at compile time: a vector is one column of several rows, and all columns of these rows
// are in registers.
#pragma once

#include "workspace.hpp"

namespace jensen::JENSEN_ISA {

// The sums that are kept in registers at once, with room for what they are made of; a little spilling is better than
// going over the rows twice. Where that is too few, the rows are gone over in chunks that stay near.
constexpr int kMostSums = kBytes == 64 ? 24 : 12, kMostAtOnce = kBytes == 64 ? 36 : 12;
constexpr int kChunk = 16;  // vectors

template <int kValue>
struct Constant {
  static constexpr int value = kValue;
};

// use(Constant<d>) for the d ≤ kSmall that there is.
template <class Use>
JENSEN_INLINE void with_constant(std::int64_t d, Use use) {
  switch (d) {
    case 1: return use(Constant<1>{});
    case 2: return use(Constant<2>{});
    case 3: return use(Constant<3>{});
    case 4: return use(Constant<4>{});
    case 5: return use(Constant<5>{});
    case 6: return use(Constant<6>{});
    case 7: return use(Constant<7>{});
    case 8: return use(Constant<8>{});
    case 9: return use(Constant<9>{});
    case 10: return use(Constant<10>{});
    case 11: return use(Constant<11>{});
    case 12: return use(Constant<12>{});
    case 13: return use(Constant<13>{});
    case 14: return use(Constant<14>{});
    case 15: return use(Constant<15>{});
    case 16: return use(Constant<16>{});
  }
}

// out[n] = use(‖W (x_n − mean)‖²), W (D, D) as it is.
template <class T, int D, class Use>
void squared_norms_small(const Workspace<T>& ws, const T* mean, const T* w, T* out, Use use) {
  for (std::int64_t c = 0; c < ws.span.count; ++c) {
    V<T> x[D], norm = {};
    JENSEN_UNROLL
    for (int j = 0; j < D; ++j) x[j] = vectors(ws.block)[j * ws.span.pitch + c] - mean[j];
    JENSEN_UNROLL
    for (int i = 0; i < D; ++i) {
      V<T> y = {};
      JENSEN_UNROLL
      for (int j = 0; j <= i; ++j) y += w[i * D + j] * x[j];
      norm += y * y;
    }
    vectors(out)[c] = use(norm);
  }
}

// The rows of a triangle that are summed together, from `first` on: as many as leave their sums in registers.
constexpr int part_end(int first, int d) {
  int end = first + 1, sums = end;
  while (end < d && sums + end + 1 <= kMostSums) sums += ++end;
  return end;
}

constexpr int triangle(int d) { return d * (d + 1) / 2; }

// sum[i (i + 1) / 2 + j] += r u_i u_j for the rows i from kFirst on. `u` has kChunk vectors a column.
template <class T, int D, int kFirst>
void add_triangle(const V<T>* u, const V<T>* r, std::int64_t count, V<T>* sum) {
  constexpr int kEnd = part_end(kFirst, D), kBegin = triangle(kFirst), kSums = triangle(kEnd) - kBegin;
  V<T> part[kSums];
  JENSEN_UNROLL
  for (int s = 0; s < kSums; ++s) part[s] = sum[kBegin + s];
  for (std::int64_t c = 0; c < count; ++c) {
    JENSEN_UNROLL
    for (int i = kFirst; i < kEnd; ++i) {
      const V<T> ru = r[c] * u[i * kChunk + c];
      JENSEN_UNROLL
      for (int j = 0; j <= i; ++j) part[triangle(i) - kBegin + j] += ru * u[j * kChunk + c];
    }
  }
  JENSEN_UNROLL
  for (int s = 0; s < kSums; ++s) sum[kBegin + s] = part[s];
  if constexpr (kEnd < D) add_triangle<T, D, kEnd>(u, r, count, sum);
}

// The sums of one component: the triangle Σ r u uᵀ, then Σ r u, then Σ r, u = x − μ, each a vector still.
template <int D>
struct Layout {
  static constexpr int first = triangle(D), count = first + D, size = count + 1;
};

// All of them in one go over the rows.
template <class T, int D>
JENSEN_INLINE void sum_at_once(const Workspace<T>& ws, const T* mean, const V<T>* r, V<T>* sum) {
  using At = Layout<D>;
  const V<T>* x = vectors(ws.block);
  V<T> all[At::size] = {};
  for (std::int64_t c = 0; c < ws.span.count; ++c) {
    V<T> u[D];
    JENSEN_UNROLL
    for (int i = 0; i < D; ++i) {
      u[i] = x[i * ws.span.pitch + c] - mean[i];
      const V<T> ru = r[c] * u[i];
      all[At::first + i] += ru;
      JENSEN_UNROLL
      for (int j = 0; j <= i; ++j) all[triangle(i) + j] += ru * u[j];
    }
    all[At::count] += r[c];
  }
  JENSEN_UNROLL
  for (int s = 0; s < At::size; ++s) sum[s] = all[s];
}

// The triangle in parts, each going over the same few rows: u is made once for all parts, and stays near.
template <class T, int D>
JENSEN_INLINE void sum_in_parts(const Workspace<T>& ws, const T* mean, const V<T>* r, V<T>* sum) {
  using At = Layout<D>;
  const V<T>* x = vectors(ws.block);
  V<T> u[D * kChunk];
  for (std::int64_t begin = 0; begin < ws.span.count; begin += kChunk, x += kChunk, r += kChunk) {
    const std::int64_t left = ws.span.count - begin, some = left < kChunk ? left : kChunk;
    V<T> first[D] = {}, count = {};
    for (std::int64_t c = 0; c < some; ++c) {
      JENSEN_UNROLL
      for (int i = 0; i < D; ++i) {
        u[i * kChunk + c] = x[i * ws.span.pitch + c] - mean[i];
        first[i] += r[c] * u[i * kChunk + c];
      }
      count += r[c];
    }
    JENSEN_UNROLL
    for (int i = 0; i < D; ++i) sum[At::first + i] += first[i];
    sum[At::count] += count;
    add_triangle<T, D, 0>(u, r, some, sum);
  }
}

// count += Σ r, first += Σ r (x − μ), second += Σ r (x − μ)(x − μ)ᵀ, its lower triangle.
template <class T, int D>
void add_moments_small(const Workspace<T>& ws, const T* mean, const T* r, double& count, double* first, double* second) {
  using At = Layout<D>;
  constexpr int lanes = Simd<T>::lanes, kPadded = (At::size + lanes - 1) / lanes * lanes;
  V<T> sum[kPadded] = {};
  if constexpr (At::size <= kMostAtOnce) {
    sum_at_once<T, D>(ws, mean, vectors(r), sum);
  } else {
    sum_in_parts<T, D>(ws, mean, vectors(r), sum);
  }
  alignas(64) T total[kPadded];
  horizontal_sums<T>(sum, kPadded, total);
  count += double(total[At::count]);
  JENSEN_UNROLL
  for (int i = 0; i < D; ++i) {
    first[i] += double(total[At::first + i]);
    JENSEN_UNROLL
    for (int j = 0; j <= i; ++j) second[i * D + j] += double(total[triangle(i) + j]);
  }
}

}  // namespace jensen::JENSEN_ISA
