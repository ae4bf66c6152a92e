#include "climb.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "linalg.hpp"
#include "threads.hpp"

namespace jensen {
namespace {

// θ with the sums and the log-evidence of this θ, and the next θ of plain EM.
struct Point {
  Params params, next;
  double log_evidence = -std::numeric_limits<double>::infinity();
};

class Climber {
 public:
  Climber(Moments kind, const Rows<double>& rows, std::int64_t k, std::int64_t d,
          const ClimbSettings& settings, int threads)
      : settings_(settings), mixture_(kind, k, d), pass_(mixture_, rows, threads), sums_(kind, k, d) {}

  // `halted` is asked after every cycle.
  template <class Halted>
  void climb(ClimbResult& end, Halted halted) {
    e_steps_ = 0;
    collapsed_ = false;
    longest_ = std::numeric_limits<double>::max();
    Point here, first, leap;
    here.params = end.params;
    raise_covariances(mixture_.kind, mixture_.k, mixture_.d, settings_.floor, here.params.covariances);
    end.status = Status::failed;
    if (!evaluate(here)) return;
    end.status = Status::step_limit;
    for (int calm = 0; e_steps_ < settings_.max_e_steps && calm < 2 && !halted();) {
      const double before = here.log_evidence;
      if (!cycle(here, first, leap)) break;
      if (collapsed_) {
        end.status = Status::collapsed;
        break;
      }
      calm = here.log_evidence - before < settings_.tol ? calm + 1 : 0;
      if (calm == 2) end.status = Status::converged;
    }
    end.params = here.params;
    end.log_evidence = here.log_evidence;
    end.e_steps = e_steps_;
  }

 private:
  // One cycle of SQUAREM: two E-steps, three where the leap is refused.
  bool cycle(Point& here, Point& first, Point& leap) {
    first.params = here.next;
    if (!evaluate(first)) return false;
    const double length = propose(here.params, first.params, first.next, leap.params);
    if (length > 1) {
      if (feasible(leap.params) && evaluate(leap) && leap.log_evidence >= first.log_evidence) {
        if (length >= longest_) longest_ *= 4;
        std::swap(here, leap);
        return true;
      }
      longest_ = std::max(2.0, length / 4);  // what was too long is tried shorter next time
    }
    leap.params = first.next;
    if (!evaluate(leap)) return false;
    std::swap(here, leap);
    return true;
  }

  bool evaluate(Point& p) {
    ++e_steps_;
    if (!mixture_.prepare(p.params.weights.data(), p.params.means.data(), p.params.covariances.data()))
      return false;
    pass_.run(mixture_, {nullptr, nullptr, nullptr}, &sums_);
    p.log_evidence = sums_.sums.log_evidence;
    if (!std::isfinite(p.log_evidence)) return false;
    const bool raised = m_step(mixture_.kind, settings_.shared, mixture_.k, mixture_.d, sums_.sums, mixture_.shift.data(),
                               mixture_.rounded.data(), settings_.floor, p.params, p.next);
    if (settings_.hold) p.next.covariances = p.params.covariances;
    collapsed_ = raised && !settings_.hold && has_thin_component();
    return true;
  }

  bool has_thin_component() const {
    const double *count = sums_.sums.count, needed = settings_.needed;
    return std::any_of(count, count + mixture_.k, [=](double n) { return n <= needed; });
  }

  // θ' = θ₀ − 2αr + α²v, and −α, at most the longest that has not failed of late; 1 is the plain step.
  double propose(const Params& p0, const Params& p1, const Params& p2, Params& out) {
    double rr = 0, vv = 0;
    const auto measure = [&](const Vector& a, const Vector& b, const Vector& c) {
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double r = b[i] - a[i], v = (c[i] - b[i]) - r;
        rr += r * r;
        vv += v * v;
      }
    };
    measure(p0.weights, p1.weights, p2.weights);
    measure(p0.means, p1.means, p2.means);
    measure(p0.covariances, p1.covariances, p2.covariances);
    if (!(vv > 0) || rr <= vv) return 1;
    const double length = std::min(std::sqrt(rr / vv), longest_), alpha = -length;
    const auto leap = [&](const Vector& a, const Vector& b, const Vector& c, Vector& to) {
      to.resize(a.size());
      for (std::size_t i = 0; i < a.size(); ++i) {
        const double r = b[i] - a[i], v = (c[i] - b[i]) - r;
        to[i] = a[i] - 2 * alpha * r + alpha * alpha * v;
      }
    };
    leap(p0.weights, p1.weights, p2.weights, out.weights);
    leap(p0.means, p1.means, p2.means, out.means);
    leap(p0.covariances, p1.covariances, p2.covariances, out.covariances);
    return length;
  }

  bool feasible(const Params& p) {
    for (double w : p.weights)
      if (!(w > 0)) return false;
    const std::int64_t d = mixture_.d;
    if (mixture_.kind == Moments::columns || mixture_.kind == Moments::totals)
      return std::all_of(p.covariances.begin(), p.covariances.end(),
                         [this](double v) { return v >= settings_.floor; });
    const std::int64_t matrices = mixture_.kind == Moments::matrices ? mixture_.k : 1;
    Vector scratch(static_cast<std::size_t>(d * d));
    for (std::int64_t c = 0; c < matrices; ++c) {
      std::copy_n(p.covariances.begin() + c * d * d, d * d, scratch.begin());
      for (std::int64_t j = 0; j < d; ++j) scratch[j * d + j] -= settings_.floor;
      if (!cholesky(scratch.data(), d)) return false;
    }
    return true;
  }

  ClimbSettings settings_;
  Mixture mixture_;
  Pass<double> pass_;
  SumsBuffer sums_;
  int e_steps_ = 0;
  bool collapsed_ = false;
  double longest_ = 0;
};

}  // namespace

bool climb_all(Moments kind, const Rows<double>& rows, std::int64_t k, std::int64_t d,
               const ClimbSettings& settings, std::vector<ClimbResult>& ends, int threads,
               const std::function<bool()>& interrupted) {
  using Clock = std::chrono::steady_clock;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  const std::thread::id asking = std::this_thread::get_id();
  const auto climbers = std::clamp<std::size_t>(static_cast<std::size_t>(threads), 1, std::max<std::size_t>(ends.size(), 1));
  const int each = std::max(1, threads / static_cast<int>(climbers));
  const auto work = [&] {
    Climber climber(kind, rows, k, d, settings, each);
    Clock::time_point asked = Clock::now();
    const auto halted = [&] {
      if (std::this_thread::get_id() == asking && Clock::now() - asked > std::chrono::milliseconds(100)) {
        if (interrupted()) stop = true;
        asked = Clock::now();
      }
      return stop.load(std::memory_order_relaxed);
    };
    for (std::size_t i; (i = next.fetch_add(1)) < ends.size();) climber.climb(ends[i], halted);
  };
  run_threads(climbers, [&](std::size_t) { work(); });
  return stop;
}

}  // namespace jensen
