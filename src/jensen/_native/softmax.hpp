// log-sum-exp over the components, the posterior, and its entropy.
#pragma once

#include "workspace.hpp"

namespace jensen::JENSEN_ISA {

// joint[k] ← w_n r_nk (or r_nk), and the sums Σ w log p(x_n), Σ w H[q_n].
//
//   m = max_k joint_k,  s = Σ_k exp(joint_k − m),  log p(x) = m + log s,  r_k = exp(joint_k − m) / s
//   H = −Σ_k r_k log r_k = log s − Σ_k r_k (joint_k − m)
template <class T>
void softmax(const Workspace<T>& ws, bool times_weight, T* log_evidence, double& total_evidence,
             double& total_entropy) {
  V<T> sum_evidence = {}, sum_entropy = {};
  const std::int64_t pitch = ws.span.pitch, k = ws.k;
  for (std::int64_t c = 0; c < ws.span.count; ++c) {
    V<T>* joint = vectors(ws.joint) + c;
    V<T> top = broadcast<T>(Simd<T>::lowest_joint);  // finite, so that differences are never NaN
    for (std::int64_t i = 0; i < k; ++i) top = maximum<T>(joint[i * pitch], top);
    V<T> s = {}, h = {};
    for (std::int64_t i = 0; i < k; ++i) {
      const V<T> z = maximum<T>(joint[i * pitch] - top, broadcast<T>(Simd<T>::lowest_exponent));
      const V<T> e = exp_nonpositive<T>(z);
      s += e;
      h -= e * z;
      joint[i * pitch] = e;
    }
    const V<T> inverse = T(1) / s, log_s = log_positive<T>(s), w = vectors(ws.weight)[c];
    const V<T> evidence = top + log_s;
    sum_evidence += w * evidence;
    sum_entropy += w * (h * inverse + log_s);
    const V<T> scale = times_weight ? inverse * w : inverse;
    for (std::int64_t i = 0; i < k; ++i) joint[i * pitch] *= scale;
    vectors(log_evidence)[c] = evidence;
  }
  total_evidence += horizontal_sum<T>(sum_evidence);
  total_entropy += horizontal_sum<T>(sum_entropy);
}

// What turns a squared distance into log π_k + log N(x | k): constant − half · distance.
template <class T>
struct ToJoint {
  T constant, half;
  JENSEN_INLINE V<T> operator()(V<T> distance) const { return constant - half * distance; }
};

}  // namespace jensen::JENSEN_ISA
