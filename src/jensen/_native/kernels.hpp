// The interface between the drivers and the kernels. The kernels are compiled once for each instruction set.
//
// Everything here is plain data: the translation units of the kernels use no standard library templates, so that no
// inline function compiled for a newer instruction set can be linked into code that runs on an older one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jensen {

// Responsibilities below e^lowest_exponent are raised to it; a count of no more than such crumbs is no count.
constexpr double kNothing = 1e-30;

// What second moments are kept as, and covariances come as, for k components in d columns: a matrix each (k, d, d), one
// matrix for all (d, d), a diagonal each (k, d), a trace each (k). A kernel knows no more of a covariance structure.
enum class Moments : int { matrices = 0, pooled = 1, columns = 2, totals = 3 };

// A mixture of k Gaussians in d columns, prepared for a pass over rows.
struct Prepared {
  Moments kind;
  std::int64_t k, d, n;     // components, columns, rows
  const double* shift;      // (d): subtracted from the rows before anything else
  const double* means;      // (k, d): component means minus shift
  const double* factors;    // W = L⁻¹, Σ = L Lᵀ: (k, d, d), (d, d); 1/σ: (k, d), (k)
  const double* log_const;  // (k): log π_k − ½ log|Σ_k| − ½ d log 2π
};

template <class T>
struct Rows {
  const T* x;             // (n, d), row-major
  const double* weight;   // (n) or null
  std::int64_t n;
};

// Where results of single rows go; any may be null, and all are where there are sums.
template <class T>
struct PerRow {
  T* log_evidence;      // (n)
  T* responsibilities;  // (n, k)
  T* log_joint;         // (n, k): log π_k + log N(x_n | k)
};

// Sums over rows. `first` and `second` are moments about the (rounded) shifted means; pooled, `second`
// is the total scatter about the shift.
struct Sums {
  double* count;   // (k)
  double* first;   // (k, d)
  double* second;  // of the kind's shape; of matrices the lower triangle
  double log_evidence, entropy, weight;
};

template <class T>
struct Kernel {
  std::int64_t (*block_rows)(const Prepared&);
  std::size_t (*workspace_bytes)(const Prepared&);
  // Packs the parameters into the workspace; rounds `means` to T and returns the rounded values in `rounded` (k, d).
  void (*pack)(const Prepared&, void* workspace, double* rounded);
  // One pass over rows [begin, end); `sums` may be null.
  void (*pass)(const Prepared&, void* workspace, const Rows<T>&, std::int64_t begin, std::int64_t end,
               const PerRow<T>&, Sums* sums);
};

struct KernelSet {
  const char* name;
  // row[j] −= Σ_p factors[p d] m[p d + j] for begin ≤ j < end, over the rows p < count of m (·, d).
  void (*subtract_rows)(double* row, const double* m, const double* factors, std::int64_t d, std::int64_t count,
                        std::int64_t begin, std::int64_t end);
  // Of rows by column (d, pitch), `count` of them a multiple of eight: distance[n] (in and out) becomes the least of
  // itself and the squared distances to the centres (k, d); labels[n], unless null, which centre that is, else 0.
  void (*nearest)(const double* columns, std::int64_t pitch, std::int64_t count, std::int64_t d, const double* centres,
                  std::int64_t k, double* distance, std::int32_t* labels);
  Kernel<double> f64;
  Kernel<float> f32;
};

// The best set that this processor runs; the environment variable JENSEN_ISA asks for a lesser one.
const KernelSet& kernels();

}  // namespace jensen
