// The threads of a pass. Rows are cut into slabs by n and d alone; every slab is summed by one thread, and the sums
// are added in the order of the slabs. So the result has the same bits for any number of threads.
#include <algorithm>
#include <cstdlib>
#include <new>

#include "mixture.hpp"
#include "threads.hpp"

namespace jensen {
namespace {

template <class T>
const Kernel<T>& kernel();
template <>
const Kernel<double>& kernel<double>() { return kernels().f64; }
template <>
const Kernel<float>& kernel<float>() { return kernels().f32; }

// Enough work for a slab to be worth a thread.
std::int64_t slab_rows(std::int64_t n, std::int64_t d, std::int64_t block) {
  const std::int64_t rows = std::max({std::int64_t{1024}, 32768 / (d + 1), (n + 255) / 256});
  return (rows + block - 1) / block * block;
}

struct Free {
  void operator()(void* p) const { std::free(p); }
};

std::unique_ptr<void, Free> aligned(std::size_t bytes) {
  std::unique_ptr<void, Free> p(std::aligned_alloc(64, (bytes + 63) / 64 * 64));
  if (!p) throw std::bad_alloc();
  return p;
}

}  // namespace

template <class T>
struct Pass<T>::Worker {
  std::unique_ptr<void, Free> memory;
  Vector rounded;
  SumsBuffer sums;

  explicit Worker(const Prepared& m)
      : memory(aligned(kernel<T>().workspace_bytes(m))), rounded(static_cast<std::size_t>(m.k * m.d)),
        sums(m.kind, m.k, m.d) {}
};

template <class T>
Pass<T>::Pass(const Mixture& mixture, const Rows<T>& rows, int threads) : rows_(rows) {
  const Prepared prepared = mixture.view(rows.n);
  slab_ = slab_rows(rows.n, mixture.d, kernel<T>().block_rows(prepared));
  slabs_ = (rows.n + slab_ - 1) / slab_;
  const auto count = std::clamp<std::int64_t>(threads, 1, std::max<std::int64_t>(slabs_, 1));
  for (std::int64_t i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(prepared));
}

template <class T>
Pass<T>::~Pass() = default;

template <class T>
void Pass<T>::run(Mixture& mixture, const PerRow<T>& out, SumsBuffer* total) {
  const Prepared prepared = mixture.view(rows_.n);
  if (total) total->clear();
  next_ = turn_ = 0;
  run_threads(workers_.size(), [&](std::size_t i) { work(prepared, *workers_[i], out, total); });
  mixture.rounded = workers_[0]->rounded;
  if (total) total->finish(mixture.kind, mixture.k, mixture.d, mixture.rounded.data());
}

template <class T>
void Pass<T>::work(const Prepared& prepared, Worker& mine, const PerRow<T>& out, SumsBuffer* total) {
  const Kernel<T>& run = kernel<T>();
  run.pack(prepared, mine.memory.get(), mine.rounded.data());
  for (std::int64_t s; (s = next_.fetch_add(1)) < slabs_;) {
    mine.sums.clear();
    run.pass(prepared, mine.memory.get(), rows_, s * slab_, std::min(rows_.n, (s + 1) * slab_), out,
             total ? &mine.sums.sums : nullptr);
    if (!total) continue;
    for (std::int64_t t; (t = turn_.load()) != s;) turn_.wait(t);
    total->add(mine.sums);
    turn_.store(s + 1);
    turn_.notify_all();
  }
}

template class Pass<double>;
template class Pass<float>;

}  // namespace jensen
