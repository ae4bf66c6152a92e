// A block's rows as one component sees them: u_n = √r_n (x_n − μ), one after the other, for `symmetric.hpp`.
#pragma once

#include "symmetric.hpp"
#include "workspace.hpp"

namespace jensen::JENSEN_ISA {

// Whether every row has more than nothing of a component, as where components overlap.
template <class T>
bool every_row(const Workspace<T>& ws, const T* root) {
  V<T> least = vectors(root)[0];
  for (std::int64_t c = 1; c < ws.span.count; ++c) least = minimum<T>(vectors(root)[c], least);
  bool every = true;
  for (int lane = 0; lane < Simd<T>::lanes; ++lane) every &= least[lane] > Simd<T>::least_root;
  return every;
}

// ws.kept ← the rows that have more than nothing, ws.root ← their √r; how many there are.
template <class T>
std::int64_t keep_rows(const Workspace<T>& ws, const T* root) {
  std::int64_t count = 0;
  for (std::int64_t n = 0; n < ws.rows; ++n) {
    ws.root[count] = root[n];
    ws.kept[count] = static_cast<std::int32_t>(n);
    count += root[n] > Simd<T>::least_root;
  }
  for (std::int64_t m = count; m < ws.rows; ++m) ws.root[m] = 0;
  return count;
}

template <class T>
double sum_of_squares(const Workspace<T>& ws, const T* root) {
  V<T> sum = {};
  for (std::int64_t c = 0; c < ws.span.count; ++c) sum += vectors(root)[c] * vectors(root)[c];
  return horizontal_sum<T>(sum);
}

// ws.weighted ← u, the m-th of the row row(m); first += Σ r (x − μ).
template <class T, class Row>
void weigh_rows(const Workspace<T>& ws, const T* mean, const T* root, std::int64_t count, double* first, Row row) {
  constexpr std::int64_t lanes = Simd<T>::lanes;
  __builtin_memcpy(ws.centre, mean, static_cast<std::size_t>(ws.d) * sizeof(T));
  for (std::int64_t j = 0; j < ws.d; j += lanes) {
    const V<T> mu = *vectors(ws.centre + j);
    const auto weigh = [&](std::int64_t m) __attribute__((always_inline)) {
      const V<T> u = root[m] * (*vectors(ws.plain + row(m) * ws.row_pitch + j) - mu);
      *vectors(ws.weighted + m * ws.row_pitch + j) = u;
      return root[m] * u;
    };
    V<T> even = {}, odd = {};
    std::int64_t m = 0;
    for (; m + 1 < count; m += 2) {
      even += weigh(m);
      odd += weigh(m + 1);
    }
    if (m < count) even += weigh(m);
    const V<T> sum = even + odd;
    for (std::int64_t lane = 0; lane < lanes && j + lane < ws.d; ++lane) first[j + lane] += double(sum[lane]);
  }
}

// count += Σ r, first += Σ r (x − μ), second += Σ r (x − μ)(x − μ)ᵀ, at least its lower triangle.
template <class T>
void add_moments_large(const Workspace<T>& ws, const T* mean, const T* root, double& count, double* first,
                       double* second) {
  std::int64_t kept = ws.rows;
  if (every_row<T>(ws, root)) {
    count += sum_of_squares<T>(ws, root);
    weigh_rows<T>(ws, mean, root, kept, first, [](std::int64_t m) { return m; });
  } else {
    kept = keep_rows<T>(ws, root);
    if (kept == 0) return;
    count += sum_of_squares<T>(ws, ws.root);
    weigh_rows<T>(ws, mean, ws.root, kept, first, [&](std::int64_t m) { return std::int64_t{ws.kept[m]}; });
  }
  for (std::int64_t m = 0; m < kept; m += kTileRows)
    add_symmetric<T>(ws.weighted + m * ws.row_pitch, kept - m < kTileRows ? kept - m : kTileRows, ws.row_pitch, ws.d,
                     second);
}

}  // namespace jensen::JENSEN_ISA
