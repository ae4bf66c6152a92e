// Eigenvalues and eigenvectors of small symmetric matrices, row-major: Householder reflections to a tridiagonal
// matrix, then QR steps with Wilkinson's shift (Golub and Van Loan, Matrix Computations, 8.3).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace jensen {

struct Eigen {
  std::vector<double> values;   // (d), in no order
  std::vector<double> vectors;  // (d, d): a row each
};

namespace eigen {

// A = Qᵀ T Q: the diagonal and the one beside it of T; Q replaces `a`, whose lower triangle is read.
inline void tridiagonalize(double* a, std::int64_t d, std::vector<double>& diagonal, std::vector<double>& beside) {
  std::vector<double> v(static_cast<std::size_t>(d * d), 0.0), scale(static_cast<std::size_t>(d), 0.0);
  std::vector<double> w(static_cast<std::size_t>(d));
  for (std::int64_t k = 0; k + 1 < d; ++k) {
    double norm = 0;
    for (std::int64_t i = k + 1; i < d; ++i) norm += a[i * d + k] * a[i * d + k];
    norm = std::sqrt(norm);
    const double alpha = a[(k + 1) * d + k] > 0 ? -norm : norm;
    beside[k] = k + 2 < d ? alpha : a[(k + 1) * d + k];
    if (k + 2 >= d || !(norm > 0)) continue;
    double* u = v.data() + k * d;
    double square = 0;
    for (std::int64_t i = k + 1; i < d; ++i) {
      u[i] = a[i * d + k] - (i == k + 1 ? alpha : 0.0);
      square += u[i] * u[i];
    }
    const double beta = scale[k] = 2 / square;
    double product = 0;
    for (std::int64_t i = k + 1; i < d; ++i) {
      double s = 0;
      for (std::int64_t j = k + 1; j <= i; ++j) s += a[i * d + j] * u[j];
      for (std::int64_t j = i + 1; j < d; ++j) s += a[j * d + i] * u[j];
      w[i] = beta * s;
      product += w[i] * u[i];
    }
    for (std::int64_t i = k + 1; i < d; ++i) w[i] -= 0.5 * beta * product * u[i];
    for (std::int64_t i = k + 1; i < d; ++i)
      for (std::int64_t j = k + 1; j <= i; ++j) a[i * d + j] -= u[i] * w[j] + w[i] * u[j];
  }
  for (std::int64_t i = 0; i < d; ++i) diagonal[i] = a[i * d + i];
  for (std::int64_t i = 0; i < d; ++i)
    for (std::int64_t j = 0; j < d; ++j) a[i * d + j] = i == j;
  for (std::int64_t k = d - 3; k >= 0; --k) {  // Q = … H₁ H₀: the rows of what is there already, each reflected
    const double *u = v.data() + k * d, beta = scale[k];
    for (std::int64_t i = k + 1; i < d; ++i) {
      double s = 0;
      for (std::int64_t j = k + 1; j < d; ++j) s += a[i * d + j] * u[j];
      for (std::int64_t j = k + 1; j < d; ++j) a[i * d + j] -= beta * s * u[j];
    }
  }
}

// One QR step on the rows from `low` to `high` of T, from the top; the rotations are taken along in the rows of q.
inline void step(std::vector<double>& t, std::vector<double>& beside, std::int64_t low, std::int64_t high, double* q,
                 std::int64_t d) {
  const double half = (t[high - 1] - t[high]) / 2, last = beside[high - 1];
  const double root = std::hypot(half, last);
  double x = t[low] - (t[high] - last * last / (half + (half >= 0 ? root : -root)));
  double z = beside[low];
  for (std::int64_t k = low; k < high; ++k) {
    const double r = std::hypot(x, z), c = r > 0 ? x / r : 1, s = r > 0 ? z / r : 0;
    if (k > low) beside[k - 1] = r;
    const double a = t[k], b = beside[k], g = t[k + 1];
    t[k] = c * c * a + 2 * c * s * b + s * s * g;
    t[k + 1] = s * s * a - 2 * c * s * b + c * c * g;
    beside[k] = (c * c - s * s) * b + c * s * (g - a);
    if (k + 1 < high) {
      x = beside[k];
      z = s * beside[k + 1];
      beside[k + 1] *= c;
    }
    double *upper = q + k * d, *lower = upper + d;
    for (std::int64_t j = 0; j < d; ++j) {
      const double up = upper[j];
      upper[j] = c * up + s * lower[j];
      lower[j] = c * lower[j] - s * up;
    }
  }
}

}  // namespace eigen

// Of a symmetric matrix, whose lower triangle is read.
inline Eigen symmetric_eigen(const double* matrix, std::int64_t d) {
  constexpr int STEPS = 60;  // for each eigenvalue; two or three are usual
  Eigen found{std::vector<double>(static_cast<std::size_t>(d)), std::vector<double>(matrix, matrix + d * d)};
  std::vector<double> beside(static_cast<std::size_t>(d), 0.0);
  eigen::tridiagonalize(found.vectors.data(), d, found.values, beside);
  const auto split = [&](std::int64_t i) {
    const double size = std::fabs(found.values[i]) + std::fabs(found.values[i + 1]);
    if (std::fabs(beside[i]) > std::numeric_limits<double>::epsilon() * size) return false;
    beside[i] = 0;
    return true;
  };
  int left = STEPS * static_cast<int>(d);
  for (std::int64_t high = d - 1; high > 0 && left > 0; --left) {
    if (split(high - 1)) {
      --high;
      continue;
    }
    std::int64_t low = high - 1;
    while (low > 0 && !split(low - 1)) --low;
    eigen::step(found.values, beside, low, high, found.vectors.data(), d);
  }
  return found;
}

}  // namespace jensen
