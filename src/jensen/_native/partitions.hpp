// Rows divided into groups, for starts.
#pragma once

#include "mixture.hpp"

namespace jensen {

// Rows by column, as the kernel that compares distances reads them.
struct ByColumn {
  std::int64_t padded, pitch;
  Vector numbers;

  ByColumn(const Rows<double>& rows, std::int64_t d);
};

// k-means++ (Arthur and Vassilvitskii, 2007): k rows, each drawn ∝ weight · squared distance to those before by a
// number of `draws` (k) in [0, 1). Centres (k, d).
void plus_plus(const Rows<double>& rows, const ByColumn& columns, std::int64_t d, std::int64_t k, const double* draws,
               double* centres);

// Lloyd's k-means from `centres` (k, d), until hardly a row moves; an empty cluster takes the row that is farthest from
// its centre.
void lloyd(const Rows<double>& rows, const ByColumn& columns, std::int64_t d, std::int64_t k, const double* centres,
           int max_steps, std::int32_t* labels);

// Of the groups that `labels` name: weight (k), mean (k, d) and covariance (k, d, d), 0 where a group has no rows.
void group_moments(const Rows<double>& rows, std::int64_t d, std::int64_t k, const std::int32_t* labels,
                   double* count, double* mean, double* covariance);

}  // namespace jensen
