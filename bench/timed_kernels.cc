#include "bench/timed_kernels.h"

#include <chrono>

#include "device/kernels/portable.h"
#include "device/kernels/x86_avx2.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

bool timing = false;
Clock::duration conv_time{}, depthwise_time{};

const KernelSet& fastest() {
#if defined(SHOAL_HAS_AVX2_KERNELS)
  static const KernelSet& best =
      has_avx2() ? avx2_kernels() : portable_kernels();
  return best;
#else
  return portable_kernels();
#endif
}

void run(void (*kernel)(const ConvArgs&), const ConvArgs& args,
         Clock::duration& sum) {
  if (!timing) return kernel(args);
  const Clock::time_point start = Clock::now();
  kernel(args);
  sum += Clock::now() - start;
}

double seconds(Clock::duration d) {
  return std::chrono::duration<double>(d).count();
}

}  // namespace

KernelTimes kernel_times() {
  return {seconds(depthwise_time), seconds(conv_time)};
}
void time_kernels(bool on) { timing = on; }
double wall_seconds() { return seconds(Clock::now().time_since_epoch()); }

const KernelSet& best_kernels() {
  static const KernelSet set{
      fastest().name,
      [](const ConvArgs& a) { run(fastest().conv, a, conv_time); },
      [](const ConvArgs& a) { run(fastest().depthwise, a, depthwise_time); },
      fastest().depthwise_rows};
  return set;
}

}  // namespace shoal
