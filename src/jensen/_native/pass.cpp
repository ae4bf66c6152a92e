// The threads of a pass. Rows are cut into slabs by n and d alone; every slab is summed by one thread, and the sums
// are added in the order of the slabs. So the result has the same bits for any number of threads.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <thread>

#include "mixture.hpp"

namespace jensen {
namespace {

template <class T>
const Kernel<T>& kernel();
template <>
const Kernel<double>& kernel<double>() { return kernels().f64; }
template <>
const Kernel<float>& kernel<float>() { return kernels().f32; }

struct Aligned {
  explicit Aligned(std::size_t bytes) : p(std::aligned_alloc(64, (bytes + 63) / 64 * 64)) {
    if (!p) throw std::bad_alloc();
  }
  ~Aligned() { std::free(p); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  void* p;
};

std::int64_t slab_rows(std::int64_t n, std::int64_t block) {
  const std::int64_t rows = std::max<std::int64_t>(2048, (n + 255) / 256);
  return (rows + block - 1) / block * block;
}

}  // namespace

template <class T>
void run_pass(Mixture& mixture, const Rows<T>& rows, const PerRow<T>& out, SumsBuffer* total,
              int threads) {
  const Kernel<T>& run = kernel<T>();
  const Prepared prepared = mixture.view();
  const Structure structure = mixture.structure;
  const std::int64_t k = mixture.k, d = mixture.d;
  const std::int64_t n = rows.n, slab = slab_rows(n, run.block_rows(d)), slabs = (n + slab - 1) / slab;
  if (total) total->clear();

  std::atomic<std::int64_t> next{0}, turn{0};
  const auto work = [&](void* memory, double* rounded, SumsBuffer* mine) {
    run.pack(prepared, memory, rounded);
    for (std::int64_t s; (s = next.fetch_add(1)) < slabs;) {
      if (mine) mine->clear();
      run.pass(prepared, memory, rows, s * slab, std::min(n, (s + 1) * slab), out, mine ? &mine->sums : nullptr);
      if (!mine) continue;
      for (std::int64_t t; (t = turn.load()) != s;) turn.wait(t);
      total->add(*mine);
      turn.store(s + 1);
      turn.notify_all();
    }
  };

  const int workers = static_cast<int>(std::clamp<std::int64_t>(threads, 1, slabs));
  const std::size_t bytes = run.workspace_bytes(structure, k, d);
  std::vector<std::unique_ptr<Aligned>> memory;
  std::vector<Vector> rounded(workers, Vector(static_cast<std::size_t>(k * d)));
  std::vector<SumsBuffer> partial;
  for (int i = 0; i < workers; ++i) {
    memory.push_back(std::make_unique<Aligned>(bytes));
    if (total) partial.emplace_back(structure, k, d);
  }
  for (int i = 0; total && i < workers; ++i) {  // the vector may have moved them
    partial[i].sums.count = partial[i].memory.data();
    partial[i].sums.first = partial[i].sums.count + k;
    partial[i].sums.second = partial[i].sums.first + k * d;
  }
  std::vector<std::thread> helpers;
  for (int i = 1; i < workers; ++i)
    helpers.emplace_back(work, memory[i]->p, rounded[i].data(), total ? &partial[i] : nullptr);
  work(memory[0]->p, rounded[0].data(), total ? &partial[0] : nullptr);
  for (std::thread& helper : helpers) helper.join();
  mixture.rounded = rounded[0];
  if (total) total->finish(structure, k, d, mixture.rounded.data());
}

template void run_pass<double>(Mixture&, const Rows<double>&, const PerRow<double>&, SumsBuffer*, int);
template void run_pass<float>(Mixture&, const Rows<float>&, const PerRow<float>&, SumsBuffer*, int);

}  // namespace jensen
