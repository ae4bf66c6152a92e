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
  const std::int64_t stride = ws.stride, k = ws.k;
  for (std::int64_t c = 0; c < stride; ++c) {
    V<T>* joint = vectors(ws.joint) + c;
    V<T> top = joint[0];
    for (std::int64_t i = 1; i < k; ++i) top = joint[i * stride] > top ? joint[i * stride] : top;
    V<T> s = {}, h = {};
    for (std::int64_t i = 0; i < k; ++i) {
      const V<T> z = joint[i * stride] - top;
      const V<T> e = exp_nonpositive<T>(z);
      s += e;
      h -= e * (z > Simd<T>::lowest_exponent ? z : V<T>{});
      joint[i * stride] = e;
    }
    const V<T> inverse = T(1) / s, log_s = log_positive<T>(s), w = vectors(ws.weight)[c];
    const V<T> evidence = top + log_s;
    sum_evidence += w * evidence;
    sum_entropy += w * (h * inverse + log_s);
    const V<T> scale = times_weight ? inverse * w : inverse;
    for (std::int64_t i = 0; i < k; ++i) joint[i * stride] *= scale;
    vectors(log_evidence)[c] = evidence;
  }
  total_evidence += horizontal_sum<T>(sum_evidence);
  total_entropy += horizontal_sum<T>(sum_entropy);
}

// joint = constant − factor · distance, never below a finite floor, so that differences stay numbers.
template <class T>
void finish_joint(const Workspace<T>& ws, const T* distance, double constant, T factor, T* joint) {
  const T floor = Simd<T>::minus_infinity;
  const T c0 = constant > floor ? T(constant) : floor;
  for (std::int64_t c = 0; c < ws.stride; ++c) {
    const V<T> value = c0 - factor * vectors(distance)[c];
    vectors(joint)[c] = value > floor ? value : broadcast<T>(floor);
  }
}

}  // namespace jensen::JENSEN_ISA
