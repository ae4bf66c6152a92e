// Small dense linear algebra in double precision, row-major.
#pragma once

#include <cmath>
#include <cstdint>

#include "eigen.hpp"

namespace jensen {

// A → L in place (lower triangle; the upper is set to zero). False where A is not positive definite.
inline bool cholesky(double* a, std::int64_t d) {
  for (std::int64_t j = 0; j < d; ++j) {
    double pivot = a[j * d + j];
    for (std::int64_t p = 0; p < j; ++p) pivot -= a[j * d + p] * a[j * d + p];
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    pivot = std::sqrt(pivot);
    a[j * d + j] = pivot;
    for (std::int64_t i = j + 1; i < d; ++i) {
      double s = a[i * d + j];
      for (std::int64_t p = 0; p < j; ++p) s -= a[i * d + p] * a[j * d + p];
      a[i * d + j] = s / pivot;
    }
    for (std::int64_t i = 0; i < j; ++i) a[i * d + j] = 0;
  }
  return true;
}

// L → L⁻¹ (lower triangular).
inline void invert_lower(const double* l, std::int64_t d, double* out) {
  for (std::int64_t i = 0; i < d * d; ++i) out[i] = 0;
  for (std::int64_t i = 0; i < d; ++i) {
    const double inverse = 1.0 / l[i * d + i];
    for (std::int64_t p = 0; p < i; ++p) {
      const double factor = l[i * d + p] * inverse;
      for (std::int64_t j = 0; j <= p; ++j) out[i * d + j] -= factor * out[p * d + j];
    }
    out[i * d + i] = inverse;
  }
}

// Symmetric A (d, d) with its eigenvalues raised to `floor`: A + Σ (floor − λ) v vᵀ over those below.
inline void clip_eigenvalues(double* a, std::int64_t d, double floor) {
  const Eigen eigen = symmetric_eigen(a, d);
  for (std::int64_t p = 0; p < d; ++p) {
    const double lift = floor - eigen.values[p], *v = eigen.vectors.data() + p * d;
    if (!(lift > 0)) continue;
    for (std::int64_t i = 0; i < d; ++i)
      for (std::int64_t j = 0; j <= i; ++j) a[i * d + j] += lift * v[i] * v[j];
  }
  for (std::int64_t i = 0; i < d; ++i)
    for (std::int64_t j = 0; j < i; ++j) a[j * d + i] = a[i * d + j];
}

}  // namespace jensen
