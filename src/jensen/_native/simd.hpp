// Vectors of rows, with the exponential and the logarithm that log-sum-exp needs. GCC's and Clang's vector
// extensions; no intrinsics. The polynomials interpolate at Chebyshev nodes; their errors are below half an ulp.
#pragma once

#include <cstdint>

#ifndef JENSEN_ISA
#error "compile with -DJENSEN_ISA=<namespace> -DJENSEN_VECTOR_BYTES=<16|32|64>"
#endif

#define JENSEN_INLINE inline __attribute__((always_inline))
#define JENSEN_UNROLL _Pragma("GCC unroll 32")

namespace jensen::JENSEN_ISA {

constexpr int kBytes = JENSEN_VECTOR_BYTES;
// Accumulators form tiles of kTall × kWide vectors: 32 registers of 64 bytes hold 4 × 4, 16 registers 4 × 2.
constexpr int kTall = 4;
constexpr int kWide = kBytes == 64 ? 4 : 2;

inline std::int64_t round_up(std::int64_t n, std::int64_t m) { return (n + m - 1) / m * m; }

template <class T>
struct Simd;

template <>
struct Simd<double> {
  typedef double V __attribute__((vector_size(kBytes)));
  typedef std::int64_t I __attribute__((vector_size(kBytes)));
  static constexpr int lanes = kBytes / 8;
  static constexpr int mantissa_bits = 52;
  static constexpr double magic = 6755399441055744.0;  // 1.5 · 2⁵²: adding it leaves an integer in the low bits
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double log2e = 1.4426950408889634074;
  static constexpr double lowest_exponent = -600.0;  // e^−600 ≈ 1e−261: nothing, but never a denormal number
  static constexpr double lowest_joint = -1e300;
  static constexpr double least_root = 1e-20;  // rows with less are left out: 10¹⁰ of them are less than kNothing
  static constexpr std::int64_t sqrt_half_bits = 0x3fe6a09e667f3bcd;
  static constexpr double exp_coefficients[] = {
      1.0, 1.0, 0.50000000000000184039, 0.1666666666666668082, 0.04166666666648795252, 0.0083333333333195896163,
      0.0013888888952352862866, 0.00019841269890076402829, 0.000024801485441561312966, 2.7557240887229868596e-6,
      2.763265472252779189e-7, 2.5110049204818659793e-8};
  static constexpr double log_coefficients[] = {
      1.9999999999999999977, 0.66666666666667646355, 0.39999999999301911985, 0.28571428760738280511,
      0.22222197046404272762, 0.18183632241617025018, 0.15312513114738297881, 0.14809867572313062734};
};

template <>
struct Simd<float> {
  typedef float V __attribute__((vector_size(kBytes)));
  typedef std::int32_t I __attribute__((vector_size(kBytes)));
  static constexpr int lanes = kBytes / 4;
  static constexpr int mantissa_bits = 23;
  static constexpr float magic = 12582912.0f;
  static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  static constexpr float log2e = 1.44269504f;
  static constexpr float lowest_exponent = -80.0f;
  static constexpr float lowest_joint = -1e30f;
  static constexpr float least_root = 1e-17f;
  static constexpr std::int32_t sqrt_half_bits = 0x3f3504f3;
  static constexpr float exp_coefficients[] = {1.0f,           1.0000000377388713f, 0.50000000471460574f,
                                               0.16666415414f, 0.041666352771f,     0.0083751347746f,
                                               0.0013941118896f};
  static constexpr float log_coefficients[] = {1.9999999986307639f, 0.66666815383f, 0.39974845385f,
                                               0.29924530375f};
};

template <class T>
using V = typename Simd<T>::V;

template <class T>
JENSEN_INLINE V<T> broadcast(T value) {
  return value - V<T>{};
}

template <class T, int N>
JENSEN_INLINE V<T> polynomial(const T (&c)[N], V<T> x) {
  V<T> p = broadcast<T>(c[N - 1]);
  JENSEN_UNROLL
  for (int i = N - 2; i >= 0; --i) p = p * x + c[i];
  return p;
}

template <class T>
JENSEN_INLINE V<T> maximum(V<T> a, V<T> b) {
  return a > b ? a : b;
}

template <class T>
JENSEN_INLINE V<T> minimum(V<T> a, V<T> b) {
  return a < b ? a : b;
}

// out ← √x; a loop that the compiler turns into vectors.
template <class T>
JENSEN_INLINE void roots(const T* x, std::int64_t count, T* out) {
  for (std::int64_t n = 0; n < count; ++n) {
    if constexpr (sizeof(T) == 8) {
      out[n] = __builtin_sqrt(x[n]);
    } else {
      out[n] = __builtin_sqrtf(x[n]);
    }
  }
}

// e^x for lowest_exponent ≤ x ≤ 0.
template <class T>
JENSEN_INLINE V<T> exp_nonpositive(V<T> x) {
  using S = Simd<T>;
  const V<T> shifted = x * S::log2e + S::magic;
  const V<T> n = shifted - S::magic;
  const V<T> r = (x - n * S::ln2_high) - n * S::ln2_low;
  const V<T> p = polynomial<T>(S::exp_coefficients, r);
  return (V<T>)((typename S::I)p + ((typename S::I)shifted << S::mantissa_bits));
}

// log x for normal x > 0: x = 2ᵉ m, √½ ≤ m < √2, and log m = 2 atanh((m − 1) / (m + 1)).
template <class T>
JENSEN_INLINE V<T> log_positive(V<T> x) {
  using S = Simd<T>;
  using I = typename S::I;
  const I bits = (I)x;
  const I e = (bits - S::sqrt_half_bits) >> S::mantissa_bits;
  const V<T> m = (V<T>)(bits - (e << S::mantissa_bits));
  const V<T> exponent = (V<T>)(e + (I)broadcast<T>(S::magic)) - S::magic;
  const V<T> f = m - T(1);
  const V<T> s = f / (m + T(1));
  const V<T> log_m = s * polynomial<T>(S::log_coefficients, s * s);
  return exponent * S::ln2_low + log_m + exponent * S::ln2_high;
}

// Σ of the lanes, halving the vector until two numbers are left.
template <class T, int kSize>
struct LaneSum {
  typedef T Full __attribute__((vector_size(kSize * sizeof(T))));
  static JENSEN_INLINE T of(Full v) {
    if constexpr (kSize == 16) {
      return LaneSum<T, 8>::of(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
                               __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
    } else if constexpr (kSize == 8) {
      return LaneSum<T, 4>::of(__builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7));
    } else if constexpr (kSize == 4) {
      return LaneSum<T, 2>::of(__builtin_shufflevector(v, v, 0, 1) + __builtin_shufflevector(v, v, 2, 3));
    } else {
      return v[0] + v[1];
    }
  }
};

template <class T>
JENSEN_INLINE double horizontal_sum(V<T> v) {
  return LaneSum<T, Simd<T>::lanes>::of(v);
}

template <class T>
JENSEN_INLINE V<T>* vectors(T* p) {
  return (V<T>*)p;
}
template <class T>
JENSEN_INLINE const V<T>* vectors(const T* p) {
  return (const V<T>*)p;
}

}  // namespace jensen::JENSEN_ISA
