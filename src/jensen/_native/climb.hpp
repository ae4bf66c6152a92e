// Many accelerated climbs on few rows, without Python in between.
#pragma once

#include <functional>

#include "mixture.hpp"

namespace jensen {

// collapsed: a component at its bound has no more rows than its covariance needs; the climb was given up.
enum class Status : int { converged = 0, step_limit = 1, failed = 2, collapsed = 3 };

struct ClimbSettings {
  double floor;     // bound on the covariances; the rows have unit covariance
  double tol;       // stop when two cycles in a row gain less
  int max_e_steps;
  bool shared;      // whether the M-step pools covariances over the components
  double needed;    // with no more rows than this a component's covariance cannot be estimated
  bool hold;        // whether the covariances stay what they are
};

struct ClimbResult {
  Params params;
  double log_evidence = 0;
  int e_steps = 0;
  Status status = Status::failed;
};

// SQUAREM from every start: each on one thread, or on several where there are fewer starts than threads. The bits do not
// depend on the number of threads. `interrupted` is asked now and then, on the calling thread; once it says yes, every climb ends where it is, and the result is true.
bool climb_all(Moments kind, const Rows<double>& rows, std::int64_t k, std::int64_t d,
               const ClimbSettings& settings, std::vector<ClimbResult>& ends, int threads, const std::function<bool()>& interrupted);

}  // namespace jensen
