// One pass over rows, compiled once for each instruction set (see CMakeLists.txt).
#include "columns.hpp"
#include "nearest.hpp"

namespace jensen::JENSEN_ISA {
namespace {

template <class T>
std::size_t workspace_bytes(const Prepared& m) {
  return Workspace<T>(m, nullptr).bytes;
}

template <class T, class Ops>
void pack_with(const Prepared& m, void* memory, double* rounded) {
  const Workspace<T> ws(m, memory);
  for (std::int64_t j = 0; j < m.d; ++j) ws.shift[j] = T(m.shift[j]);
  for (std::int64_t i = 0; i < m.k * m.d; ++i) {
    ws.means[i] = T(m.means[i]);
    rounded[i] = double(ws.means[i]);
  }
  for (std::int64_t i = m.d * ws.pitch; i < ws.padded_d * ws.pitch; ++i) ws.block[i] = 0;
  for (std::int64_t i = 0; i < ws.rows * ws.row_pitch; ++i) ws.plain[i] = 0;
  for (std::int64_t j = 0; j < ws.row_pitch; ++j) ws.centre[j] = 0;
  Ops::pack(m, ws);
}

template <class T, class Ops>
void pass_with(const Prepared& m, void* memory, const Rows<T>& rows, std::int64_t begin, std::int64_t end,
               const PerRow<T>& out, Sums* sums) {
  const Workspace<T> ws(m, memory);
  for (std::int64_t b = begin; b < end; b += ws.rows) {
    const std::int64_t count = end - b < ws.rows ? end - b : ws.rows;
    load_block<T>(ws, rows, b, count);
    Ops::log_joint(m, ws);
    if (out.log_joint)
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t k = 0; k < m.k; ++k) out.log_joint[(b + n) * m.k + k] = ws.joint[k * ws.pitch + n];
    double log_evidence = 0, entropy = 0;
    if (!sums)
      softmax<T, Leave::posterior>(ws, log_evidence, entropy);
    else if (Ops::wants_roots(m))
      softmax<T, Leave::root>(ws, log_evidence, entropy);
    else
      softmax<T, Leave::weighted>(ws, log_evidence, entropy);
    if (out.log_evidence)
      for (std::int64_t n = 0; n < count; ++n) out.log_evidence[b + n] = ws.evidence[n];
    if (out.responsibilities)
      for (std::int64_t n = 0; n < count; ++n)
        for (std::int64_t k = 0; k < m.k; ++k) out.responsibilities[(b + n) * m.k + k] = ws.joint[k * ws.pitch + n];
    if (sums) {
      sums->log_evidence += log_evidence;
      sums->entropy += entropy;
      sums->weight += total_weight<T>(rows, b, count);
      Ops::moments(m, ws, *sums);
    }
  }
}

template <class T>
void pack(const Prepared& m, void* memory, double* rounded) {
  switch (m.kind) {
    case Moments::matrices: return pack_with<T, Matrices<T>>(m, memory, rounded);
    case Moments::pooled: return pack_with<T, Pooled<T>>(m, memory, rounded);
    case Moments::columns: return pack_with<T, Columns<T>>(m, memory, rounded);
    case Moments::totals: return pack_with<T, Totals<T>>(m, memory, rounded);
  }
}

template <class T>
void pass(const Prepared& m, void* memory, const Rows<T>& rows, std::int64_t begin, std::int64_t end,
          const PerRow<T>& out, Sums* sums) {
  switch (m.kind) {
    case Moments::matrices: return pass_with<T, Matrices<T>>(m, memory, rows, begin, end, out, sums);
    case Moments::pooled: return pass_with<T, Pooled<T>>(m, memory, rows, begin, end, out, sums);
    case Moments::columns: return pass_with<T, Columns<T>>(m, memory, rows, begin, end, out, sums);
    case Moments::totals: return pass_with<T, Totals<T>>(m, memory, rows, begin, end, out, sums);
  }
}

void subtract_rows(double* __restrict row, const double* m, const double* factors, std::int64_t d, std::int64_t count,
                   std::int64_t begin, std::int64_t end) {
  std::int64_t p = 0;
  for (; p + 4 <= count; p += 4) {  // four rows at a time: `row` is loaded and stored once for them
    const double *m0 = m + p * d, *m1 = m0 + d, *m2 = m1 + d, *m3 = m2 + d, *f = factors + p * d;
    const double f0 = f[0], f1 = f[d], f2 = f[2 * d], f3 = f[3 * d];
    for (std::int64_t j = begin; j < end; ++j) row[j] -= (f0 * m0[j] + f1 * m1[j]) + (f2 * m2[j] + f3 * m3[j]);
  }
  for (; p < count; ++p)
    for (std::int64_t j = begin; j < end; ++j) row[j] -= factors[p * d] * m[p * d + j];
}

}  // namespace

#define JENSEN_STRING(x) #x
#define JENSEN_NAME(x) JENSEN_STRING(x)
extern const KernelSet kernel_set;
const KernelSet kernel_set = {JENSEN_NAME(JENSEN_ISA), subtract_rows, nearest,
                              {block_rows<double>, workspace_bytes<double>, pack<double>, pass<double>},
                              {block_rows<float>, workspace_bytes<float>, pack<float>, pass<float>}};

}  // namespace jensen::JENSEN_ISA
