#include "mixture.hpp"

#include <algorithm>
#include <cmath>

#include "linalg.hpp"

namespace jensen {

std::int64_t spread_size(Moments kind, std::int64_t k, std::int64_t d) {
  switch (kind) {
    case Moments::matrices: return k * d * d;
    case Moments::pooled: return d * d;
    case Moments::columns: return k * d;
    case Moments::totals: return k;
  }
  return 0;
}

Mixture::Mixture(Moments s, std::int64_t k_, std::int64_t d_)
    : kind(s), k(k_), d(d_), shift(d_), means(k_ * d_), factors(spread_size(s, k_, d_)), log_const(k_),
      rounded(k_ * d_), chol_(d_ * d_) {}

Prepared Mixture::view(std::int64_t n) const {
  return {kind, k, d, n, shift.data(), means.data(), factors.data(), log_const.data()};
}

bool Mixture::prepare(const double* weights, const double* mu, const double* covariances) {
  std::fill(shift.begin(), shift.end(), 0.0);
  double total = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    total += weights[i];
    for (std::int64_t j = 0; j < d; ++j) shift[j] += weights[i] * mu[i * d + j];
  }
  // A float is what float rows can be shifted by exactly; for double rows it serves as well.
  for (std::int64_t j = 0; j < d; ++j) {
    shift[j] /= total;
    if (std::fabs(shift[j]) < 1e38) shift[j] = static_cast<double>(static_cast<float>(shift[j]));
  }
  for (std::int64_t i = 0; i < k; ++i)
    for (std::int64_t j = 0; j < d; ++j) means[i * d + j] = mu[i * d + j] - shift[j];

  const double half_log_2pi = 0.91893853320467274178;
  double log_det = 0;
  const bool matrix = kind == Moments::matrices || kind == Moments::pooled;
  for (std::int64_t i = 0; i < k; ++i) {
    if (matrix && (i == 0 || kind == Moments::matrices)) {
      const double* cov = covariances + i * d * d;
      std::copy(cov, cov + d * d, chol_.begin());
      if (!cholesky(chol_.data(), d)) return false;
      invert_transposed(chol_.data(), d, factors.data() + i * d * d);
      log_det = 0;
      for (std::int64_t j = 0; j < d; ++j) log_det += 2 * std::log(chol_[j * d + j]);
    } else if (kind == Moments::columns) {
      log_det = 0;
      for (std::int64_t j = 0; j < d; ++j) {
        const double variance = covariances[i * d + j];
        if (!(variance > 0) || !std::isfinite(variance)) return false;
        factors[i * d + j] = 1 / std::sqrt(variance);
        log_det += std::log(variance);
      }
    } else if (kind == Moments::totals) {
      if (!(covariances[i] > 0) || !std::isfinite(covariances[i])) return false;
      factors[i] = 1 / std::sqrt(covariances[i]);
      log_det = static_cast<double>(d) * std::log(covariances[i]);
    }
    log_const[i] = std::log(weights[i]) - 0.5 * log_det - static_cast<double>(d) * half_log_2pi;
  }
  return true;
}

SumsBuffer::SumsBuffer(Moments kind, std::int64_t k, std::int64_t d)
    : memory(static_cast<std::size_t>(k + k * d + spread_size(kind, k, d))) {
  sums.count = memory.data();
  sums.first = sums.count + k;
  sums.second = sums.first + k * d;
  clear();
}

void SumsBuffer::clear() {
  std::fill(memory.begin(), memory.end(), 0.0);
  sums.log_evidence = sums.entropy = sums.weight = 0;
}

void SumsBuffer::add(const SumsBuffer& other) {
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] += other.memory[i];
  sums.log_evidence += other.sums.log_evidence;
  sums.entropy += other.sums.entropy;
  sums.weight += other.sums.weight;
}

void SumsBuffer::finish(Moments kind, std::int64_t k, std::int64_t d, const double* rounded) {
  const std::int64_t of_one = kind == Moments::pooled ? 0 : spread_size(kind, 1, d);
  for (std::int64_t c = 0; c < k; ++c) {
    if (sums.count[c] >= kNothing) continue;
    sums.count[c] = 0;
    std::fill_n(sums.first + c * d, d, 0.0);
    std::fill_n(sums.second + c * of_one, of_one, 0.0);
  }
  if (kind == Moments::pooled)
    // x − s = (x − c_k) + δ_k:  Σ r (x−c)(x−c)ᵀ = T − Σ_k (f δᵀ + δ fᵀ + N δ δᵀ)
    for (std::int64_t c = 0; c < k; ++c)
      for (std::int64_t i = 0; i < d; ++i)
        for (std::int64_t j = 0; j <= i; ++j) {
          const double *f = sums.first + c * d, *shift = rounded + c * d;
          sums.second[i * d + j] -= f[i] * shift[j] + shift[i] * f[j] + sums.count[c] * shift[i] * shift[j];
        }
  const std::int64_t matrices = kind == Moments::matrices ? k : kind == Moments::pooled ? 1 : 0;
  for (std::int64_t c = 0; c < matrices; ++c)
    for (std::int64_t i = 0; i < d; ++i)
      for (std::int64_t j = 0; j < i; ++j) sums.second[(c * d + j) * d + i] = sums.second[(c * d + i) * d + j];
}

namespace {

// Covariances of each component in a kind that has an axis for them, replaced by their mean over all rows.
void pool(Moments kind, std::int64_t k, std::int64_t d, const double* count, double total, Vector& covariances) {
  const std::int64_t size = spread_size(kind, 1, d);
  for (std::int64_t j = 0; j < size; ++j) {
    double sum = 0;
    for (std::int64_t c = 0; c < k; ++c) sum += count[c] * covariances[c * size + j];
    for (std::int64_t c = 0; c < k; ++c) covariances[c * size + j] = sum / total;
  }
}

bool raise_to_floor(double* covariance, std::int64_t d, double floor, Vector& scratch) {
  std::copy(covariance, covariance + d * d, scratch.begin());
  for (std::int64_t j = 0; j < d; ++j) scratch[j * d + j] -= floor;
  if (cholesky(scratch.data(), d)) return false;
  clip_eigenvalues(covariance, d, floor);
  return true;
}

}  // namespace

bool raise_covariances(Moments kind, std::int64_t k, std::int64_t d, double floor, Vector& covariances) {
  bool raised = false;
  if (kind == Moments::columns || kind == Moments::totals) {
    for (double& variance : covariances) {
      raised |= !(variance >= floor);
      variance = variance >= floor ? variance : floor;
    }
    return raised;
  }
  Vector scratch(static_cast<std::size_t>(d * d));
  for (std::int64_t c = 0; c < (kind == Moments::matrices ? k : 1); ++c)
    raised |= raise_to_floor(covariances.data() + c * d * d, d, floor, scratch);
  return raised;
}

bool m_step(Moments kind, bool shared, std::int64_t k, std::int64_t d, const Sums& sums, const double* shift,
            const double* rounded, double floor, const Params& current, Params& next) {
  next = current;
  Vector pooled(static_cast<std::size_t>(kind == Moments::pooled ? d * d : 0));
  if (kind == Moments::pooled) std::copy(sums.second, sums.second + d * d, pooled.begin());
  double total = 0;
  for (std::int64_t c = 0; c < k; ++c) total += sums.count[c];
  for (std::int64_t c = 0; c < k; ++c) {
    const double n = sums.count[c];
    next.weights[c] = n / total;
    if (!(n > 0)) continue;
    const double* f = sums.first + c * d;
    for (std::int64_t j = 0; j < d; ++j) next.means[c * d + j] = shift[j] + rounded[c * d + j] + f[j] / n;
    switch (kind) {
      case Moments::matrices:
        for (std::int64_t i = 0; i < d; ++i)
          for (std::int64_t j = 0; j < d; ++j)
            next.covariances[(c * d + i) * d + j] = (sums.second[(c * d + i) * d + j] - f[i] * f[j] / n) / n;
        break;
      case Moments::pooled:
        for (std::int64_t i = 0; i < d; ++i)
          for (std::int64_t j = 0; j < d; ++j) pooled[i * d + j] -= f[i] * f[j] / n;
        break;
      case Moments::columns:
        for (std::int64_t j = 0; j < d; ++j)
          next.covariances[c * d + j] = (sums.second[c * d + j] - f[j] * f[j] / n) / n;
        break;
      case Moments::totals: {
        double squared = 0;
        for (std::int64_t j = 0; j < d; ++j) squared += f[j] * f[j];
        next.covariances[c] = (sums.second[c] - squared / n) / (n * static_cast<double>(d));
        break;
      }
    }
  }
  if (kind == Moments::pooled)
    for (std::int64_t i = 0; i < d * d; ++i) next.covariances[i] = pooled[i] / total;
  if (shared && kind != Moments::pooled) pool(kind, k, d, sums.count, total, next.covariances);
  return raise_covariances(kind, k, d, floor, next.covariances);
}

}  // namespace jensen
