// Small dense linear algebra in double precision, row-major.
#pragma once

#include <cmath>
#include <cstdint>

#include "eigen.hpp"
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
