// Columns independent within a component, and the one-variance case.
#pragma once

#include "pooled.hpp"

namespace jensen::JENSEN_ISA {

template <class T>
struct Columns {
  static bool wants_roots(const Prepared&) { return false; }

  static void pack(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t i = 0; i < m.k * m.d; ++i) ws.factors[i] = T(m.factors[i]);
  }

  static void log_joint(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const ToJoint<T> to_joint{T(m.log_const[k]), T(0.5)};
      V<T>* out = vectors(ws.joint + k * ws.pitch);
      column_distances<T, true>(ws, ws.block, ws.means + k * m.d, ws.factors + k * m.d,
                                [=](std::int64_t c, V<T> distance) { out[c] = to_joint(distance); });
    }
  }

  static void moments(const Prepared& m, const Workspace<T>& ws, Sums& sums) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const V<T>* r = vectors(ws.joint + k * ws.pitch);
      V<T> n = {};
      for (std::int64_t c = 0; c < ws.span.count; ++c) n += r[c];
      sums.count[k] += horizontal_sum<T>(n);
      for (std::int64_t j = 0; j < m.d; ++j) {
        const V<T>* x = vectors(ws.block) + j * ws.span.pitch;
        const T mean = ws.means[k * m.d + j];
        V<T> s1[2] = {}, s2[2] = {};
        for (std::int64_t c = 0; c < ws.span.count; c += 2) {
          JENSEN_UNROLL
          for (int v = 0; v < 2; ++v) {
            const V<T> u = x[c + v] - mean, ru = r[c + v] * u;
            s1[v] += ru;
            s2[v] += ru * u;
          }
        }
        sums.first[k * m.d + j] += horizontal_sum<T>(s1[0] + s1[1]);
        sums.second[k * m.d + j] += horizontal_sum<T>(s2[0] + s2[1]);
      }
    }
  }
};

template <class T>
struct Totals {
  static bool wants_roots(const Prepared&) { return false; }

  static void pack(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t k = 0; k < m.k; ++k) ws.factors[k] = T(m.factors[k]);
  }

  static void log_joint(const Prepared& m, const Workspace<T>& ws) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const ToJoint<T> to_joint{T(m.log_const[k]), T(0.5) * ws.factors[k] * ws.factors[k]};
      V<T>*kept = vectors(ws.distance + k * ws.pitch), *out = vectors(ws.joint + k * ws.pitch);
      column_distances<T, false>(ws, ws.block, ws.means + k * m.d, nullptr, [=](std::int64_t c, V<T> distance) {
        kept[c] = distance;  // the second moment is Σ r ‖x − μ‖²
        out[c] = to_joint(distance);
      });
    }
  }

  static void moments(const Prepared& m, const Workspace<T>& ws, Sums& sums) {
    for (std::int64_t k = 0; k < m.k; ++k) {
      const T* r = ws.joint + k * ws.pitch;
      count_and_first<T>(ws, ws.means + k * m.d, r, sums.count[k], sums.first + k * m.d);
      V<T> s2 = {};
      for (std::int64_t c = 0; c < ws.span.count; ++c) s2 += vectors(r)[c] * vectors(ws.distance + k * ws.pitch)[c];
      sums.second[k] += horizontal_sum<T>(s2);
    }
  }
};

}  // namespace jensen::JENSEN_ISA
