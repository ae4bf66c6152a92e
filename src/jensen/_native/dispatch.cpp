// Which instruction set to run: the best that the processor has, or the one that JENSEN_ISA names.
#include <cstdlib>
#include <cstring>

#include "kernels.hpp"

namespace jensen {

namespace baseline { extern const KernelSet kernel_set; }
#ifdef JENSEN_X86
namespace avx2 { extern const KernelSet kernel_set; }
namespace avx512 { extern const KernelSet kernel_set; }
#endif

namespace {

const KernelSet& choose() {
  const char* wanted = std::getenv("JENSEN_ISA");  // its names are checked where threads are asked for
  const auto allowed = [wanted](const char* name) {
    return !wanted || !*wanted || std::strcmp(wanted, name) == 0;
  };
#ifdef JENSEN_X86
  __builtin_cpu_init();
  if (allowed("avx512") && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma"))
    return avx512::kernel_set;
  if ((allowed("avx2") || allowed("avx512")) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return avx2::kernel_set;
#else
  (void)allowed;
#endif
  return baseline::kernel_set;
}

}  // namespace

const KernelSet& kernels() {
  static const KernelSet& chosen = choose();
  return chosen;
}

}  // namespace jensen
