// Threads beside the calling one, which are joined whatever happens.
#pragma once

#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace jensen {

// Runs `work(i)` for i = 0 … count − 1, each in a thread, the first in this one; the first exception is thrown here
// once all have ended. Where the system gives no more threads there are fewer: work must not count on each.
template <class Work>
void run_threads(std::size_t count, const Work& work) {
  std::exception_ptr thrown;
  std::mutex guard;
  const auto guarded = [&](std::size_t i) {
    try {
      work(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(guard);
      if (!thrown) thrown = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(count);
  try {
    for (std::size_t i = 1; i < count; ++i) helpers.emplace_back(guarded, i);
  } catch (const std::system_error&) {
  }
  guarded(0);
  for (std::thread& helper : helpers) helper.join();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace jensen
