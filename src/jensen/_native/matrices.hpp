// Σ_k free: distances ‖W_k (x − μ_k)‖², moments Σ r (x − μ_k)(x − μ_k)ᵀ.
#pragma once

#include "softmax.hpp"

namespace jensen::JENSEN_ISA {

template <class T>
struct Matrices {
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
      joint(ws, ws.means + k * m.d, ws.factors + k * ws.factor_size, ws.joint + k * ws.pitch, use);
    }
  }

  static void moments(const Prepared& m, const Workspace<T>& ws, Sums& sums) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const T* mean = ws.means + k * m.d;
      const T* r = ws.joint + k * ws.pitch;
      double *first = sums.first + k * m.d, *second = sums.second + k * m.d * m.d;
      switch (m.d) {
        case 1: small<1>(ws, mean, r, sums.count[k], first, second); break;
        case 2: small<2>(ws, mean, r, sums.count[k], first, second); break;
        case 3: small<3>(ws, mean, r, sums.count[k], first, second); break;
        case 4: small<4>(ws, mean, r, sums.count[k], first, second); break;
        case 5: small<5>(ws, mean, r, sums.count[k], first, second); break;
        case 6: small<6>(ws, mean, r, sums.count[k], first, second); break;
        case 7: small<7>(ws, mean, r, sums.count[k], first, second); break;
        case 8: small<8>(ws, mean, r, sums.count[k], first, second); break;
        default: large(ws, mean, r, sums.count[k], first, second);
      }
    }
  }

 private:
  static void joint(const Workspace<T>& ws, const T* mean, const T* factor, T* out, ToJoint<T> use) {
    switch (ws.d) {
      case 1: return squared_norms_small<T, 1>(ws.block, ws.span, mean, factor, out, use);
      case 2: return squared_norms_small<T, 2>(ws.block, ws.span, mean, factor, out, use);
      case 3: return squared_norms_small<T, 3>(ws.block, ws.span, mean, factor, out, use);
      case 4: return squared_norms_small<T, 4>(ws.block, ws.span, mean, factor, out, use);
      case 5: return squared_norms_small<T, 5>(ws.block, ws.span, mean, factor, out, use);
      case 6: return squared_norms_small<T, 6>(ws.block, ws.span, mean, factor, out, use);
      case 7: return squared_norms_small<T, 7>(ws.block, ws.span, mean, factor, out, use);
      case 8: return squared_norms_small<T, 8>(ws.block, ws.span, mean, factor, out, use);
      default: return squared_norms<T>(ws.block, ws.span, ws.d, mean, factor, out, ws.scratch, use);
    }
  }

  template <int D>
  static void small(const Workspace<T>& ws, const T* mean, const T* r, double& count, double* first,
                    double* second) {
    V<T> n = {}, s1[D] = {}, s2[D * (D + 1) / 2] = {};
    for (std::int64_t c = 0; c < ws.span.count; ++c) {
      const V<T> rc = vectors(r)[c];
      V<T> x[D];
      n += rc;
      JENSEN_UNROLL
      for (int i = 0; i < D; ++i) {
        x[i] = vectors(ws.block)[i * ws.span.pitch + c] - mean[i];
        const V<T> rx = rc * x[i];
        s1[i] += rx;
        JENSEN_UNROLL
        for (int j = 0; j <= i; ++j) s2[i * (i + 1) / 2 + j] += rx * x[j];
      }
    }
    count += horizontal_sum<T>(n);
    for (int i = 0; i < D; ++i) {
      first[i] += horizontal_sum<T>(s1[i]);
      for (int j = 0; j <= i; ++j) second[i * D + j] += horizontal_sum<T>(s2[i * (i + 1) / 2 + j]);
    }
  }

  static void large(const Workspace<T>& ws, const T* mean, const T* r, double& count, double* first,
                    double* second) {
    V<T> n = {};
    for (std::int64_t c = 0; c < ws.span.count; ++c) n += vectors(r)[c];
    const double block_count = horizontal_sum<T>(n);
    if (block_count < kNothing) return;  // no row of the block belongs to this component
    count += block_count;
    for (std::int64_t j = 0; j < ws.d; ++j) {
      const V<T>* x = vectors(ws.block) + j * ws.span.pitch;
      V<T>*plain = vectors(ws.plain) + j * ws.span.pitch, *weighted = vectors(ws.weighted) + j * ws.span.pitch;
      V<T> s1 = {};
      for (std::int64_t c = 0; c < ws.span.count; ++c) {
        plain[c] = x[c] - mean[j];
        weighted[c] = vectors(r)[c] * plain[c];
        s1 += weighted[c];
      }
      first[j] += horizontal_sum<T>(s1);
    }
    add_outer_products<T>(ws.weighted, ws.plain, ws.span, ws.d, second);
  }
};

}  // namespace jensen::JENSEN_ISA
