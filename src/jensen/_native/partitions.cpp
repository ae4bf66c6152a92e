#include "partitions.hpp"

#include <algorithm>
#include <limits>

namespace jensen {

namespace {

double squared_distance(const double* x, const double* y, std::int64_t d) {
  double sum = 0;
  for (std::int64_t j = 0; j < d; ++j) {
    const double u = x[j] - y[j];
    sum += u * u;
  }
  return sum;
}

// The row at which the running sum of `mass` passes `draw` of its total; of the weights where nothing is left.
std::int64_t drawn(const Vector& mass, const Rows<double>& rows, double draw) {
  double total = 0;
  for (const double m : mass) total += m;
  const bool none = !(total > 0);
  const auto of = [&](std::int64_t i) {
    return none ? (rows.weight ? rows.weight[i] : 1.0) : mass[static_cast<std::size_t>(i)];
  };
  if (none) {
    total = 0;
    for (std::int64_t i = 0; i < rows.n; ++i) total += of(i);
  }
  const double threshold = draw * total;
  std::int64_t last = 0;
  double sum = 0;
  for (std::int64_t i = 0; i < rows.n; ++i) {
    if (!(of(i) > 0)) continue;
    last = i;
    sum += of(i);
    if (sum > threshold) break;
  }
  return last;
}

}  // namespace

void plus_plus(const Rows<double>& rows, std::int64_t d, std::int64_t k, const double* draws, double* centres) {
  const std::int64_t n = rows.n;
  if (n == 0) return;
  Vector nearest(static_cast<std::size_t>(n), std::numeric_limits<double>::infinity());
  Vector mass(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) mass[static_cast<std::size_t>(i)] = rows.weight ? rows.weight[i] : 1.0;
  for (std::int64_t c = 0; c < k; ++c) {
    const double* centre = rows.x + drawn(mass, rows, draws[c]) * d;
    std::copy(centre, centre + d, centres + c * d);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      nearest[at] = std::min(nearest[at], squared_distance(rows.x + i * d, centre, d));
      mass[at] = (rows.weight ? rows.weight[i] : 1.0) * nearest[at];
    }
  }
}

void lloyd(const Rows<double>& rows, std::int64_t d, std::int64_t k, const double* centres,
           int max_steps, std::int32_t* labels) {
  const std::int64_t n = rows.n;
  Vector centre(centres, centres + k * d), sum(static_cast<std::size_t>(k * d)), count(static_cast<std::size_t>(k));
  std::fill(labels, labels + n, -1);
  for (int step = 0; step < max_steps; ++step) {
    bool moved = false;
    double farthest = -1;
    std::int64_t far_row = 0;
    std::fill(sum.begin(), sum.end(), 0.0);
    std::fill(count.begin(), count.end(), 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      const double* x = rows.x + i * d;
      double best = std::numeric_limits<double>::infinity();
      std::int32_t label = 0;
      for (std::int64_t c = 0; c < k; ++c) {
        const double distance = squared_distance(x, centre.data() + c * d, d);
        if (distance < best) {
          best = distance;
          label = static_cast<std::int32_t>(c);
        }
      }
      moved |= labels[i] != label;
      labels[i] = label;
      if (best > farthest) {
        farthest = best;
        far_row = i;
      }
      const double w = rows.weight ? rows.weight[i] : 1.0;
      count[static_cast<std::size_t>(label)] += w;
      for (std::int64_t j = 0; j < d; ++j) sum[static_cast<std::size_t>(label * d + j)] += w * x[j];
    }
    if (!moved) break;
    for (std::int64_t c = 0; c < k; ++c) {
      const double of = count[static_cast<std::size_t>(c)];
      for (std::int64_t j = 0; j < d; ++j) {
        const auto at = static_cast<std::size_t>(c * d + j);
        centre[at] = of > 0 ? sum[at] / of : rows.x[far_row * d + j];
      }
    }
  }
}

void group_moments(const Rows<double>& rows, std::int64_t d, std::int64_t k, const std::int32_t* labels,
                   double* count, double* mean, double* covariance) {
  const std::int64_t n = rows.n;
  std::fill(count, count + k, 0.0);
  std::fill(mean, mean + k * d, 0.0);
  std::fill(covariance, covariance + k * d * d, 0.0);
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t c = labels[i];
    const double w = rows.weight ? rows.weight[i] : 1.0;
    count[c] += w;
    for (std::int64_t j = 0; j < d; ++j) mean[c * d + j] += w * rows.x[i * d + j];
  }
  for (std::int64_t c = 0; c < k; ++c)
    if (count[c] > 0)
      for (std::int64_t j = 0; j < d; ++j) mean[c * d + j] /= count[c];
  Vector u(static_cast<std::size_t>(d));
  for (std::int64_t i = 0; i < n; ++i) {
    const std::int64_t c = labels[i];
    const double w = rows.weight ? rows.weight[i] : 1.0;
    for (std::int64_t j = 0; j < d; ++j) u[static_cast<std::size_t>(j)] = rows.x[i * d + j] - mean[c * d + j];
    double* to = covariance + c * d * d;
    for (std::int64_t j = 0; j < d; ++j) {
      const double scaled = w * u[static_cast<std::size_t>(j)];
      for (std::int64_t l = 0; l <= j; ++l) to[j * d + l] += scaled * u[static_cast<std::size_t>(l)];
    }
  }
  for (std::int64_t c = 0; c < k; ++c) {
    double* to = covariance + c * d * d;
    for (std::int64_t j = 0; j < d; ++j)
      for (std::int64_t l = 0; l <= j; ++l) {
        const double value = count[c] > 0 ? to[j * d + l] / count[c] : 0.0;
        to[j * d + l] = to[l * d + j] = value;
      }
  }
}

}  // namespace jensen
