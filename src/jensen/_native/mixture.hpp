// A Gaussian mixture prepared for passes, its sums, and its M-step.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "kernels.hpp"

namespace jensen {

using Vector = std::vector<double>;

// π (k), μ (k, d), and the covariances in the shape of the kind of moments.
struct Params {
  Vector weights, means, covariances;
};

std::int64_t spread_size(Moments, std::int64_t k, std::int64_t d);

// Everything a pass needs of θ; `prepare` is false where a covariance is not positive definite.
struct Mixture {
  Moments kind;
  std::int64_t k, d;
  Vector shift, means, factors, log_const, rounded;

  Mixture(Moments kind, std::int64_t k, std::int64_t d);
  bool prepare(const double* weights, const double* means, const double* covariances);
  Prepared view(std::int64_t n) const;

 private:
  Vector chol_;
};

// The sums of one pass, with room for them.
struct SumsBuffer {
  Vector memory;
  Sums sums;

  SumsBuffer(Moments kind, std::int64_t k, std::int64_t d);
  SumsBuffer(const SumsBuffer&) = delete;  // sums points into memory
  SumsBuffer& operator=(const SumsBuffer&) = delete;
  void clear();
  void add(const SumsBuffer& other);
  // Moments about the component means c_k = shift + rounded_k; a pooled scatter is moved there from the shift.
  void finish(Moments kind, std::int64_t k, std::int64_t d, const double* rounded);
};

// The memory of passes over the same rows: it can be used again and again.
template <class T>
class Pass {
 public:
  Pass(const Mixture& mixture, const Rows<T>& rows, int threads);
  ~Pass();
  // All rows on all threads, with the same bits for any number of them. `sums` may be null.
  void run(Mixture& mixture, const PerRow<T>& out, SumsBuffer* sums);

 private:
  struct Worker;
  void work(const Prepared& prepared, Worker& worker, const PerRow<T>& out, SumsBuffer* total);

  Rows<T> rows_;
  std::int64_t slab_, slabs_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<std::int64_t> next_{0}, turn_{0};
};

// Every covariance within the bound: Σ ⪰ floor · I. True if one was not.
bool raise_covariances(Moments kind, std::int64_t k, std::int64_t d, double floor, Vector& covariances);

// argmax_θ' Q(θ', S), covariances at least `floor` in the metric in which the data have unit covariance.
// Variances that are `shared` are pooled over the components. A component without rows keeps its mean and covariance.
// True if a covariance was raised.
bool m_step(Moments kind, bool shared, std::int64_t k, std::int64_t d, const Sums& sums, const double* centre_shift,
            const double* rounded, double floor, const Params& current, Params& next);

}  // namespace jensen
