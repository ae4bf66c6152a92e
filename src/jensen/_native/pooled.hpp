// One Σ for all: rows are multiplied by W once, ‖W x − W μ_k‖²; of the second moments only the total scatter about
// the shift is summed (the driver moves it to the component means, which is exact).
#pragma once

#include "matrices.hpp"

namespace jensen::JENSEN_ISA {

// use(c, Σ_j (x_j − μ_j)²) for the c-th vector of rows, the columns scaled if there is a scale.
template <class T, bool kScaled, class Use>
void column_distances(const Workspace<T>& ws, const T* columns, const T* mean, const T* scale, Use use) {
  for (std::int64_t c = 0; c < ws.span.count; c += kWide) {
    V<T> sum[kWide] = {};
    for (std::int64_t j = 0; j < ws.d; ++j) {
      JENSEN_UNROLL
      for (int v = 0; v < kWide; ++v) {
        V<T> u = vectors(columns)[j * ws.span.pitch + c + v] - mean[j];
        if constexpr (kScaled) u *= scale[j];
        sum[v] += u * u;
      }
    }
    JENSEN_UNROLL
    for (int v = 0; v < kWide; ++v) use(c + v, sum[v]);
  }
}

// Σ r and Σ r (x − μ).
template <class T>
void count_and_first(const Workspace<T>& ws, const T* mean, const T* r, double& count, double* first) {
  V<T> n = {};
  for (std::int64_t c = 0; c < ws.span.count; ++c) n += vectors(r)[c];
  count += horizontal_sum<T>(n);
  for (std::int64_t j = 0; j < ws.d; ++j) {
    const V<T>* x = vectors(ws.block) + j * ws.span.pitch;
    V<T> s1[2] = {};
    for (std::int64_t c = 0; c < ws.span.count; c += 2) {
      s1[0] += vectors(r)[c] * (x[c] - mean[j]);
      s1[1] += vectors(r)[c + 1] * (x[c + 1] - mean[j]);
    }
    first[j] += horizontal_sum<T>(s1[0] + s1[1]);
  }
}

template <class T>
struct Pooled {
  static bool wants_roots(const Prepared&) { return false; }

  static void pack(const Prepared& m, const Workspace<T>& ws) {
    pack_triangle<T>(m.factors, m.d, ws.factors);
    for (std::int64_t j = 0; j < m.d; ++j) ws.origin[j] = 0;
    for (std::int64_t k = 0; k < m.k; ++k)
      for (std::int64_t i = 0; i < m.d; ++i) {
        double y = 0;
        for (std::int64_t j = 0; j <= i; ++j) y += m.factors[i * m.d + j] * double(ws.means[k * m.d + j]);
        ws.white_means[k * m.d + i] = T(y);
      }
  }

  static void log_joint(const Prepared& m, const Workspace<T>& ws) {
    multiply_block<T>(ws.block, ws.span, m.d, ws.factors, ws.white, ws.scratch);
    for (std::int64_t k = 0; k < m.k; ++k) {
      const ToJoint<T> to_joint{T(m.log_const[k]), T(0.5)};
      V<T>* out = vectors(ws.joint + k * ws.pitch);
      column_distances<T, false>(ws, ws.white, ws.white_means + k * m.d, nullptr,
                                 [=](std::int64_t c, V<T> distance) { out[c] = to_joint(distance); });
    }
  }

  static void moments(const Prepared& m, const Workspace<T>& ws, Sums& sums) {
    for (std::int64_t k = 0; k < m.k; ++k)
      count_and_first<T>(ws, ws.means + k * m.d, ws.joint + k * ws.pitch, sums.count[k], sums.first + k * m.d);
    double count = 0;  // this and the first moment are there already, of each component
    for (std::int64_t j = 0; j < m.d; ++j) ws.unused[j] = 0;
    if (m.d > kSmall) roots<T>(ws.weight, ws.rows, ws.scale);
    add_moments<T>(ws, ws.origin, m.d > kSmall ? ws.scale : ws.weight, count, ws.unused, sums.second);
  }
};

}  // namespace jensen::JENSEN_ISA
