// A Gaussian mixture prepared for passes, its sums, and its M-step.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace jensen {

using Vector = std::vector<double>;

// π (k), μ (k, d), Σ: full (k, d, d), tied (d, d), diagonal (k, d), spherical (k).
struct Params {
  Vector weights, means, covariances;
};

std::int64_t covariance_size(Structure, std::int64_t k, std::int64_t d);

// Everything a pass needs of θ; `prepare` is false where a covariance is not positive definite.
struct Mixture {
  Structure structure;
  std::int64_t k, d;
  Vector shift, means, factors, log_const, rounded;

  Mixture(Structure structure, std::int64_t k, std::int64_t d);
  bool prepare(const double* weights, const double* means, const double* covariances);
  Prepared view() const;

 private:
  Vector chol_;
};

// The sums of one pass, with room for them.
struct SumsBuffer {
  Vector memory;
  Sums sums;

  SumsBuffer(Structure structure, std::int64_t k, std::int64_t d);
  void clear();
  void add(const SumsBuffer& other);
  // Moments about the component means c_k = shift + rounded_k; a tied scatter is moved there from the shift.
  void finish(Structure structure, std::int64_t k, std::int64_t d, const double* rounded);
};

// All rows, on up to `threads` threads, with the same bits for any number of them.
template <class T>
void run_pass(Mixture& mixture, const Rows<T>& rows, const PerRow<T>& out, SumsBuffer* sums,
              int threads);

// argmax_θ' Q(θ', S), covariances at least `floor` in the metric in which the data have unit covariance.
// A component without rows keeps its mean and covariance. True if a covariance was raised.
bool m_step(Structure structure, std::int64_t k, std::int64_t d, const Sums& sums, const double* centre_shift,
            const double* rounded, double floor, const Params& current, Params& next);

}  // namespace jensen
