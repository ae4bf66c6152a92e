#include "partitions.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace jensen {

namespace {

constexpr std::int64_t kPad = 8;
constexpr std::int64_t kStill = 1000;  // one row in so many may move in a last step

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

ByColumn::ByColumn(const Rows<double>& rows, std::int64_t d)
    : padded((rows.n + kPad - 1) / kPad * kPad), pitch(padded + kPad), numbers(static_cast<std::size_t>(d * pitch), 0.0) {
  for (std::int64_t i = 0; i < rows.n; ++i)
    for (std::int64_t j = 0; j < d; ++j) numbers[static_cast<std::size_t>(j * pitch + i)] = rows.x[i * d + j];
}

void plus_plus(const Rows<double>& rows, const ByColumn& columns, std::int64_t d, std::int64_t k, const double* draws,
               double* centres) {
  const std::int64_t n = rows.n;
  if (n == 0) return;
  Vector distance(static_cast<std::size_t>(columns.padded), std::numeric_limits<double>::infinity());
  Vector mass(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) mass[static_cast<std::size_t>(i)] = rows.weight ? rows.weight[i] : 1.0;
  for (std::int64_t c = 0; c < k; ++c) {
    const double* row = rows.x + drawn(mass, rows, draws[c]) * d;
    std::copy(row, row + d, centres + c * d);
    kernels().nearest(columns.numbers.data(), columns.pitch, columns.padded, d, centres + c * d, 1, distance.data(),
                      nullptr);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      mass[at] = (rows.weight ? rows.weight[i] : 1.0) * distance[at];
    }
  }
}

void lloyd(const Rows<double>& rows, const ByColumn& columns, std::int64_t d, std::int64_t k, const double* centres,
           int max_steps, std::int32_t* labels) {
  const std::int64_t n = rows.n;
  if (n == 0) return;
  Vector centre(centres, centres + k * d), sum(static_cast<std::size_t>(k * d)), count(static_cast<std::size_t>(k));
  Vector distance(static_cast<std::size_t>(columns.padded));
  std::vector<std::int32_t> nearest(static_cast<std::size_t>(columns.padded));
  std::vector<std::int64_t> members(static_cast<std::size_t>(k));  // count is not exactly 0 where all have left
  const auto add = [&](std::int64_t i, std::int32_t label, int sign) {
    const double w = sign * (rows.weight ? rows.weight[i] : 1.0);
    members[static_cast<std::size_t>(label)] += sign;
    count[static_cast<std::size_t>(label)] += w;
    for (std::int64_t j = 0; j < d; ++j) sum[static_cast<std::size_t>(label * d + j)] += w * rows.x[i * d + j];
  };
  std::fill(labels, labels + n, -1);
  for (int step = 0; step < max_steps; ++step) {
    std::fill(distance.begin(), distance.end(), std::numeric_limits<double>::infinity());
    kernels().nearest(columns.numbers.data(), columns.pitch, columns.padded, d, centre.data(), k, distance.data(),
                      nearest.data());
    std::int64_t moved = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int32_t now = nearest[static_cast<std::size_t>(i)];
      if (labels[i] == now) continue;
      ++moved;
      if (labels[i] >= 0) add(i, labels[i], -1);
      add(i, now, 1);
      labels[i] = now;
    }
    if (moved * kStill <= n) break;
    for (std::int64_t c = 0; c < k; ++c) {
      const double of = members[static_cast<std::size_t>(c)] ? count[static_cast<std::size_t>(c)] : 0.0;
      const std::int64_t far = of > 0 ? 0 : std::max_element(distance.begin(), distance.begin() + n) - distance.begin();
      for (std::int64_t j = 0; j < d; ++j) {
        const auto at = static_cast<std::size_t>(c * d + j);
        centre[at] = of > 0 ? sum[at] / of : rows.x[far * d + j];
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
