// Small dense linear algebra in double precision, row-major.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

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

// Symmetric A (d, d) with its eigenvalues raised to `floor`, by cyclic Jacobi rotations.
inline void clip_eigenvalues(double* a, std::int64_t d, double floor) {
  std::vector<double> v(static_cast<std::size_t>(d * d), 0.0);
  for (std::int64_t i = 0; i < d; ++i) v[i * d + i] = 1;
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, diagonal = 0;
    for (std::int64_t i = 0; i < d; ++i) {
      diagonal += a[i * d + i] * a[i * d + i];
      for (std::int64_t j = 0; j < i; ++j) off += a[i * d + j] * a[i * d + j];
    }
    if (off <= 1e-32 * diagonal) break;
    for (std::int64_t p = 0; p < d; ++p)
      for (std::int64_t q = p + 1; q < d; ++q) {
        if (a[p * d + q] == 0) continue;
        const double theta = (a[q * d + q] - a[p * d + p]) / (2 * a[p * d + q]);
        const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
        const double c = 1 / std::sqrt(t * t + 1), s = t * c;
        for (std::int64_t i = 0; i < d; ++i) {
          const double x = a[i * d + p], y = a[i * d + q];
          a[i * d + p] = c * x - s * y;
          a[i * d + q] = s * x + c * y;
        }
        for (std::int64_t i = 0; i < d; ++i) {
          const double x = a[p * d + i], y = a[q * d + i];
          a[p * d + i] = c * x - s * y;
          a[q * d + i] = s * x + c * y;
        }
        for (std::int64_t i = 0; i < d; ++i) {
          const double x = v[i * d + p], y = v[i * d + q];
          v[i * d + p] = c * x - s * y;
          v[i * d + q] = s * x + c * y;
        }
      }
  }
  std::vector<double> values(static_cast<std::size_t>(d));
  for (std::int64_t i = 0; i < d; ++i) values[i] = a[i * d + i] > floor ? a[i * d + i] : floor;
  for (std::int64_t i = 0; i < d; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      double s = 0;
      for (std::int64_t p = 0; p < d; ++p) s += v[i * d + p] * values[p] * v[j * d + p];
      a[i * d + j] = a[j * d + i] = s;
    }
}

}  // namespace jensen
