// The Python module. It checks shapes; everything else is checked before it is called.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <stdexcept>

#include "climb.hpp"
#include "linalg.hpp"
#include "mixture.hpp"
#include "partitions.hpp"
#include "threads.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace {

using namespace jensen;

using Doubles = nb::ndarray<const double, nb::c_contig, nb::device::cpu>;
template <class T>
using Matrix = nb::ndarray<const T, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
template <class T>
using Array = nb::ndarray<nb::numpy, T, nb::c_contig>;

template <class T>
struct Owned {
  T* data;
  nb::capsule owner;
};

template <class T>
Owned<T> allocate(std::size_t size) {
  T* data = new T[size ? size : 1];
  return {data, nb::capsule(data, [](void* p) noexcept { delete[] static_cast<T*>(p); })};
}

template <class T>
Array<T> copy(const T* from, std::initializer_list<std::size_t> shape) {
  std::size_t size = 1;
  for (std::size_t s : shape) size *= s;
  Owned<T> owned = allocate<T>(size);
  std::copy(from, from + size, owned.data);
  return Array<T>(owned.data, shape, owned.owner);
}

Array<double> copy_second(Moments kind, std::size_t k, std::size_t d, const double* p) {
  switch (kind) {
    case Moments::matrices: return copy(p, {k, d, d});
    case Moments::pooled: return copy(p, {d, d});
    case Moments::columns: return copy(p, {k, d});
    case Moments::totals: return copy(p, {k});
  }
  throw std::invalid_argument("unknown kind of moments");
}

void require(bool ok, const char* message) {
  if (!ok) throw std::invalid_argument(message);
}

Mixture prepared(int kind, std::int64_t d, const Doubles& weights, const Doubles& means,
                 const Doubles& covariances) {
  require(kind >= 0 && kind <= 3, "unknown kind of moments");
  const auto s = static_cast<Moments>(kind);
  const auto k = static_cast<std::int64_t>(weights.size());
  require(k > 0 && static_cast<std::int64_t>(means.size()) == k * d, "means must be (k, d)");
  require(static_cast<std::int64_t>(covariances.size()) == spread_size(s, k, d),
          "covariances have the wrong shape");
  Mixture mixture(s, k, d);
  if (!mixture.prepare(weights.data(), means.data(), covariances.data()))
    throw std::domain_error("a covariance is not positive definite");
  return mixture;
}

template <class T>
Rows<T> rows_of(const Matrix<T>& x, const std::optional<Doubles>& weight) {
  require(!weight || weight->size() == x.shape(0), "weight must be (n,)");
  return {x.data(), weight ? weight->data() : nullptr, static_cast<std::int64_t>(x.shape(0))};
}

template <class T>
nb::tuple e_step(int kind, Matrix<T> x, std::optional<Doubles> weight, Doubles weights, Doubles means,
                 Doubles covariances, int threads) {
  const std::size_t d = x.shape(1), k = weights.size();
  Mixture mixture = prepared(kind, static_cast<std::int64_t>(d), weights, means, covariances);
  SumsBuffer sums(mixture.kind, mixture.k, mixture.d);
  const Rows<T> rows = rows_of(x, weight);
  {
    nb::gil_scoped_release release;
    Pass<T>(mixture, rows, threads).run(mixture, {nullptr, nullptr, nullptr}, &sums);
  }
  Vector centre(k * d);
  for (std::size_t i = 0; i < k * d; ++i) centre[i] = mixture.shift[i % d] + mixture.rounded[i];
  return nb::make_tuple(copy(centre.data(), {k, d}), copy(sums.sums.count, {k}), copy(sums.sums.first, {k, d}),
                        copy_second(mixture.kind, k, d, sums.sums.second), sums.sums.log_evidence,
                        sums.sums.entropy, sums.sums.weight);
}

// f(i) for each start, on several threads where there is enough to do for each.
constexpr std::size_t FEW_NUMBERS = 1 << 12;

template <class F>
void each_in_threads(std::size_t starts, int threads, const F& f) {
  const std::size_t workers = std::clamp<std::size_t>(static_cast<std::size_t>(threads), 1, std::max<std::size_t>(starts, 1));
  std::atomic<std::size_t> next{0};
  run_threads(workers, [&](std::size_t) {
    for (std::size_t i; (i = next.fetch_add(1)) < starts;) f(i);
  });
}

enum class Want { posterior, log_evidence, log_joint };

template <class T, Want want>
nb::object per_row(int kind, Matrix<T> x, Doubles weights, Doubles means, Doubles covariances, int threads) {
  const std::size_t n = x.shape(0), d = x.shape(1), k = weights.size();
  Mixture mixture = prepared(kind, static_cast<std::int64_t>(d), weights, means, covariances);
  Owned<T> evidence = allocate<T>(n), matrix = allocate<T>(want == Want::log_evidence ? 0 : n * k);
  PerRow<T> out{evidence.data, want == Want::posterior ? matrix.data : nullptr,
                want == Want::log_joint ? matrix.data : nullptr};
  const Rows<T> rows = rows_of(x, std::nullopt);
  {
    nb::gil_scoped_release release;
    Pass<T>(mixture, rows, threads).run(mixture, out, nullptr);
  }
  Array<T> first(evidence.data, {n}, evidence.owner), second(matrix.data, {n, k}, matrix.owner);
  if constexpr (want == Want::log_evidence) return nb::cast(first);
  if constexpr (want == Want::log_joint) return nb::cast(second);
  return nb::make_tuple(second, first);
}

template <class T>
void define(nb::module_& m) {
  m.def("e_step", &e_step<T>, "moments"_a, nb::arg("x").noconvert(), "weight"_a.none(), "weights"_a, "means"_a,
        "covariances"_a, "threads"_a);
  m.def("posterior", &per_row<T, Want::posterior>, "moments"_a, nb::arg("x").noconvert(), "weights"_a, "means"_a,
        "covariances"_a, "threads"_a);
  m.def("log_evidence", &per_row<T, Want::log_evidence>, "moments"_a, nb::arg("x").noconvert(), "weights"_a,
        "means"_a, "covariances"_a, "threads"_a);
  m.def("log_joint", &per_row<T, Want::log_joint>, "moments"_a, nb::arg("x").noconvert(), "weights"_a, "means"_a,
        "covariances"_a, "threads"_a);
}

// Climbs from S starts: weights (S, k), means (S, k, d), covariances (S, …).
nb::tuple climb(int kind, bool shared, Matrix<double> x, std::optional<Doubles> weight, Doubles weights, Doubles means,
                Doubles covariances, double floor, double needed, bool hold, int max_e_steps, double tol, int threads) {
  const std::size_t d = x.shape(1);
  require(weights.ndim() == 2, "weights must be (starts, k)");
  const std::size_t starts = weights.shape(0), k = weights.shape(1);
  const auto s = static_cast<Moments>(kind);
  const auto size = static_cast<std::size_t>(
      spread_size(s, static_cast<std::int64_t>(k), static_cast<std::int64_t>(d)));
  require(means.size() == starts * k * d && covariances.size() == starts * size, "starts have the wrong shape");
  const Rows<double> rows = rows_of(x, weight);
  std::vector<ClimbResult> ends(starts);
  for (std::size_t i = 0; i < starts; ++i) {
    const double *w = weights.data() + i * k, *m = means.data() + i * k * d, *c = covariances.data() + i * size;
    ends[i].params = {Vector(w, w + k), Vector(m, m + k * d), Vector(c, c + size)};
  }
  bool interrupted = false;
  {
    nb::gil_scoped_release release;
    interrupted = climb_all(s, rows, static_cast<std::int64_t>(k), static_cast<std::int64_t>(d),
                            {floor, tol, max_e_steps, shared, needed, hold}, ends, threads, [] {
                              nb::gil_scoped_acquire acquire;
                              return PyErr_CheckSignals() != 0;
                            });
  }
  if (interrupted) PyErr_Clear();  // the caller keeps what there is, and says so
  Owned<double> w = allocate<double>(starts * k), m = allocate<double>(starts * k * d),
                c = allocate<double>(starts * size), l = allocate<double>(starts);
  Owned<std::int64_t> e = allocate<std::int64_t>(starts), status = allocate<std::int64_t>(starts);
  for (std::size_t i = 0; i < starts; ++i) {
    std::copy(ends[i].params.weights.begin(), ends[i].params.weights.end(), w.data + i * k);
    std::copy(ends[i].params.means.begin(), ends[i].params.means.end(), m.data + i * k * d);
    std::copy(ends[i].params.covariances.begin(), ends[i].params.covariances.end(), c.data + i * size);
    l.data[i] = ends[i].log_evidence;
    e.data[i] = ends[i].e_steps;
    status.data[i] = static_cast<std::int64_t>(ends[i].status);
  }
  return nb::make_tuple(Array<double>(w.data, {starts, k}, w.owner), Array<double>(m.data, {starts, k, d}, m.owner),
                        Array<double>(c.data, {starts, size}, c.owner), Array<double>(l.data, {starts}, l.owner),
                        Array<std::int64_t>(e.data, {starts}, e.owner),
                        Array<std::int64_t>(status.data, {starts}, status.owner), interrupted);
}

// k-means++ by `draws` (S, k) and Lloyd's algorithm from there: labels (S, n).
Array<std::int32_t> kmeans(Matrix<double> x, std::optional<Doubles> weight, Matrix<double> draws, int max_steps,
                           int threads) {
  const std::size_t n = x.shape(0), d = x.shape(1), starts = draws.shape(0), k = draws.shape(1);
  const Rows<double> rows = rows_of(x, weight);
  Owned<std::int32_t> labels = allocate<std::int32_t>(starts * n);
  {
    nb::gil_scoped_release release;
    const ByColumn by_column(rows, static_cast<std::int64_t>(d));
    each_in_threads(starts, n * d * k < FEW_NUMBERS ? 1 : threads, [&](std::size_t i) {
      Vector centres(k * d);
      const auto columns = static_cast<std::int64_t>(d), groups = static_cast<std::int64_t>(k);
      plus_plus(rows, by_column, columns, groups, draws.data() + i * k, centres.data());
      lloyd(rows, by_column, columns, groups, centres.data(), max_steps, labels.data + i * n);
    });
  }
  return Array<std::int32_t>(labels.data, {starts, n}, labels.owner);
}

// The moments of the groups that labels (S, n) name, each in 0…k−1.
nb::tuple group_moments_of(Matrix<double> x, std::optional<Doubles> weight, Matrix<std::int32_t> labels, int k,
                           int threads) {
  const std::size_t n = x.shape(0), d = x.shape(1), starts = labels.shape(0), groups = static_cast<std::size_t>(k);
  require(labels.shape(1) == n, "labels must be (starts, n)");
  for (std::size_t i = 0; i < starts * n; ++i)
    require(labels.data()[i] >= 0 && labels.data()[i] < k, "labels must be in 0…k−1");
  const Rows<double> rows = rows_of(x, weight);
  Owned<double> count = allocate<double>(starts * groups), mean = allocate<double>(starts * groups * d),
                covariance = allocate<double>(starts * groups * d * d);
  {
    nb::gil_scoped_release release;
    each_in_threads(starts, n * d * d < FEW_NUMBERS ? 1 : threads, [&](std::size_t i) {
      group_moments(rows, static_cast<std::int64_t>(d), k, labels.data() + i * n, count.data + i * groups,
                    mean.data + i * groups * d, covariance.data + i * groups * d * d);
    });
  }
  return nb::make_tuple(Array<double>(count.data, {starts, groups}, count.owner),
                        Array<double>(mean.data, {starts, groups, d}, mean.owner),
                        Array<double>(covariance.data, {starts, groups, d, d}, covariance.owner));
}

// Calls use(i, U, log |A_i|) for A_i = UᵀU in turn, matrices (…, d, d); false once one is not positive definite.
template <class Use>
bool factorize(const Doubles& matrices, Use use) {
  const std::size_t last = matrices.ndim();
  require(last >= 2 && matrices.shape(last - 1) == matrices.shape(last - 2), "matrices must be (…, d, d)");
  const std::size_t d = matrices.shape(last - 1), each = d * d, count = each ? matrices.size() / each : 0;
  Vector factor(each);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(matrices.data() + i * each, each, factor.begin());
    if (!cholesky(factor.data(), static_cast<std::int64_t>(d))) return false;
    double log_det = 0;
    for (std::size_t j = 0; j < d; ++j) log_det += 2 * std::log(factor[j * d + j]);
    use(i, factor.data(), log_det);
  }
  return true;
}

bool is_positive_definite(Doubles matrices) {
  return factorize(matrices, [](std::size_t, const double*, double) {});
}

// log |A_i| and Σ_i tr(A_i⁻¹ S_i).
nb::tuple log_det_and_trace(Doubles matrices, Doubles second) {
  require(matrices.ndim() >= 2 && matrices.size() == second.size(), "the two must have one shape");
  const std::size_t d = matrices.shape(matrices.ndim() - 1), count = d ? matrices.size() / (d * d) : 0;
  const auto columns = static_cast<std::int64_t>(d);
  Owned<double> log_dets = allocate<double>(count);
  Vector inverse(d * d), row(d);
  double trace = 0;
  const bool positive = factorize(matrices, [&](std::size_t i, const double* factor, double log_det) {
    log_dets.data[i] = log_det;
    invert_transposed(factor, columns, inverse.data());
    trace += trace_of_product(inverse.data(), second.data() + i * d * d, columns, row.data());
  });
  if (!positive) throw std::domain_error("a matrix is not positive definite");
  return nb::make_tuple(Array<double>(log_dets.data, {count}, log_dets.owner), trace);
}

}  // namespace

NB_MODULE(_core, m) {
  m.doc() = "Native passes over rows for Gaussian mixtures.";
  define<double>(m);
  define<float>(m);
  m.def("climb", &climb, "moments"_a, "shared"_a, nb::arg("x").noconvert(), "weight"_a.none(), "weights"_a, "means"_a,
        "covariances"_a, "floor"_a, "needed"_a, "hold"_a, "max_e_steps"_a, "tol"_a, "threads"_a);
  m.def("kmeans", &kmeans, nb::arg("x").noconvert(), "weight"_a.none(), "draws"_a, "max_steps"_a, "threads"_a);
  m.def("group_moments", &group_moments_of, nb::arg("x").noconvert(), "weight"_a.none(), "labels"_a, "k"_a,
        "threads"_a);
  m.def("is_positive_definite", &is_positive_definite, "matrices"_a);
  m.def("log_det_and_trace", &log_det_and_trace, "matrices"_a, "second"_a);
  m.def("instruction_set", [] { return kernels().name; }, "The instruction set that the kernels run on.");
  nb::register_exception_translator([](const std::exception_ptr& p, void*) {
    try {
      std::rethrow_exception(p);
    } catch (const std::domain_error& e) {
      PyErr_SetString(PyExc_ArithmeticError, e.what());
    }
  });
}
