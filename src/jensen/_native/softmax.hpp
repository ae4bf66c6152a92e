// log-sum-exp over the components, the posterior, and its entropy.
#pragma once

#include "workspace.hpp"

namespace jensen::JENSEN_ISA {

// What the softmax leaves in ws.joint: r_nk; for moments w_n r_nk, or its root, as the factor of a symmetric product.
enum class Leave { posterior, weighted, root };

// joint[k] ← what is to be left, and the sums Σ w log p(x_n), Σ w H[q_n].
//
//   m = max_k joint_k,  s = Σ_k exp(joint_k − m),  log p(x) = m + log s,  r_k = exp(joint_k − m) / s
//   H = −Σ_k r_k log r_k = log s − Σ_k r_k (joint_k − m)
//   √(w r_k) = exp((joint_k − m) / 2) √(w / s): one root for a row, not one for each of its components
template <class T, Leave kLeave>
void softmax(const Workspace<T>& ws, double& total_evidence, double& total_entropy) {
  constexpr T share = kLeave == Leave::root ? T(0.5) : T(1);
  V<T> sum_evidence = {}, sum_entropy = {};
  const std::int64_t pitch = ws.span.pitch, k = ws.k;
  for (std::int64_t c = 0; c < ws.span.count; ++c) {
    V<T>* joint = vectors(ws.joint) + c;
    V<T> top = broadcast<T>(Simd<T>::lowest_joint);  // finite, so that differences are never NaN
    for (std::int64_t i = 0; i < k; ++i) top = maximum<T>(joint[i * pitch], top);
    V<T> s = {}, h = {};
    for (std::int64_t i = 0; i < k; ++i) {
      const V<T> z = maximum<T>(joint[i * pitch] - top, broadcast<T>(Simd<T>::lowest_exponent));
      const V<T> left = exp_nonpositive<T>(share * z);
      const V<T> e = kLeave == Leave::root ? left * left : left;
      s += e;
      h -= e * z;
      joint[i * pitch] = left;
    }
    const V<T> inverse = T(1) / s, log_s = log_positive<T>(s), w = vectors(ws.weight)[c];
    const V<T> evidence = top + log_s;
    sum_evidence += w * evidence;
    sum_entropy += w * (h * inverse + log_s);
    vectors(ws.evidence)[c] = evidence;
    const V<T> scale = kLeave == Leave::posterior ? inverse : inverse * w;
    if constexpr (kLeave == Leave::root) {
      vectors(ws.scale)[c] = scale;
    } else {
      for (std::int64_t i = 0; i < k; ++i) joint[i * pitch] *= scale;
    }
  }
  total_evidence += horizontal_sum<T>(sum_evidence);
  total_entropy += horizontal_sum<T>(sum_entropy);
  if constexpr (kLeave == Leave::root) {
    roots<T>(ws.scale, ws.rows, ws.scale);
    for (std::int64_t i = 0; i < k; ++i)
      for (std::int64_t c = 0; c < ws.span.count; ++c) vectors(ws.joint)[i * pitch + c] *= vectors(ws.scale)[c];
  }
}

// What turns a squared distance into log π_k + log N(x | k): constant − half · distance.
template <class T>
struct ToJoint {
  T constant, half;
  JENSEN_INLINE V<T> operator()(V<T> distance) const { return constant - half * distance; }
};

}  // namespace jensen::JENSEN_ISA
