// Σ_k free: distances ‖W_k (x − μ_k)‖², moments Σ r (x − μ_k)(x − μ_k)ᵀ.
#pragma once

#include "small.hpp"
#include "softmax.hpp"
#include "weighted.hpp"

namespace jensen::JENSEN_ISA {

// count, first and second += the moments about `mean` under r, or under the squares of √r where there are more than a
// few columns; of second the lower triangle.
template <class T>
void add_moments(const Workspace<T>& ws, const T* mean, const T* r, double& count, double* first, double* second) {
  if (ws.d > kSmall) return add_moments_large<T>(ws, mean, r, count, first, second);
  with_constant(ws.d, [&](auto d) { add_moments_small<T, d.value>(ws, mean, r, count, first, second); });
}

template <class T>
struct Matrices {
  static bool wants_roots(const Prepared& m) { return m.d > kSmall; }

  static void pack(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const double* w = m.factors + k * m.d * m.d;
      T* out = ws.factors + k * ws.factor_size;
      if (m.d > kSmall) {
        pack_triangle<T>(w, m.d, out);
      } else {
        for (std::int64_t i = 0; i < m.d * m.d; ++i) out[i] = T(w[i]);
      }
    }
  }

  static void log_joint(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const ToJoint<T> use{T(m.log_const[k]), T(0.5)};
      const T *mean = ws.means + k * m.d, *factor = ws.factors + k * ws.factor_size;
      T* out = ws.joint + k * ws.pitch;
      if (m.d > kSmall) {
        squared_norms<T>(ws.block, ws.span, m.d, mean, factor, out, ws.scratch, use);
      } else {
        with_constant(m.d, [&](auto d) { squared_norms_small<T, d.value>(ws, mean, factor, out, use); });
      }
    }
  }

  static void moments(const Prepared& m, const Workspace<T>& ws, Sums& sums) {
    for (std::int64_t k = 0; k < m.k; ++k)
      add_moments<T>(ws, ws.means + k * m.d, ws.joint + k * ws.pitch, sums.count[k], sums.first + k * m.d,
                     sums.second + k * m.d * m.d);
  }
};

}  // namespace jensen::JENSEN_ISA
