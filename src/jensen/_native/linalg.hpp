// Small dense linear algebra in double precision, row-major.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "kernels.hpp"

namespace jensen {

// A → U in place, A = UᵀU, in the upper triangle; what is below is left. False where A is not positive definite.
inline bool cholesky(double* a, std::int64_t d) {
  const auto subtract = kernels().subtract_rows;
  for (std::int64_t j = 0; j < d; ++j) {
    double* row = a + j * d;
    subtract(row, a, a + j, d, j, j, d);
    const double pivot = row[j];
    if (!(pivot > 0) || !std::isfinite(pivot)) return false;
    row[j] = std::sqrt(pivot);
    for (std::int64_t i = j + 1; i < d; ++i) row[i] /= row[j];
  }
  return true;
}

// U → W = L⁻¹ with L = Uᵀ (lower triangular): W_i = (e_i − Σ_{p < i} L_ip W_p) / L_ii.
inline void invert_transposed(const double* u, std::int64_t d, double* out) {
  const auto subtract = kernels().subtract_rows;
  for (std::int64_t i = 0; i < d * d; ++i) out[i] = 0;
  for (std::int64_t i = 0; i < d; ++i) {
    double* row = out + i * d;
    subtract(row, out, u + i, d, i, 0, i);
    row[i] = 1.0;
    for (std::int64_t j = 0; j <= i; ++j) row[j] /= u[i * d + i];
  }
}

// tr(A⁻¹ S) = Σ_jl P_jl S_jl with P = WᵀW: row j of P is Σ_{i ≥ j} W_ij W_i. P has room for a row, (d).
inline double trace_of_product(const double* w, const double* s, std::int64_t d, double* row) {
  double trace = 0;
  for (std::int64_t j = 0; j < d; ++j) {
    for (std::int64_t l = 0; l <= j; ++l) row[l] = 0;
    kernels().subtract_rows(row, w + j * d, w + j * d + j, d, d - j, 0, j + 1);
    for (std::int64_t l = 0; l < j; ++l) trace -= row[l] * (s[j * d + l] + s[l * d + j]);
    trace -= row[j] * s[j * d + j];
  }
  return trace;
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
