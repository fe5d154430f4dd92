#include "bench/register_rate.h"

#include <chrono>

#include "device/kernels/x86_avx2.h"

namespace shoal {
namespace {

#if defined(SHOAL_HAS_AVX2_KERNELS)

constexpr int kRounds = 2000;
constexpr double kMacs = kRounds * 12.0 * 16.0;

// Twelve independent sums, as many as a kernel can keep.
__attribute__((target("avx2"))) void multiply_add() {
  int rounds = kRounds;
#define SHOAL_PAIR(sum)                    \
  "vpmaddwd %%ymm12, %%ymm13, %%ymm14\n\t" \
  "vpaddd %%ymm14, %%ymm" #sum ", %%ymm" #sum "\n\t"
  asm volatile(
      "1:\n\t" SHOAL_PAIR(0) SHOAL_PAIR(1) SHOAL_PAIR(2) SHOAL_PAIR(3)
          SHOAL_PAIR(4) SHOAL_PAIR(5) SHOAL_PAIR(6) SHOAL_PAIR(7)
              SHOAL_PAIR(8) SHOAL_PAIR(9) SHOAL_PAIR(10) SHOAL_PAIR(11)
      "dec %0\n\t"
      "jnz 1b\n\t"
      : "+r"(rounds)
      :
      : "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
        "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14");
#undef SHOAL_PAIR
}

#endif

}  // namespace

double register_rate([[maybe_unused]] double milliseconds) {
  double best = 0;
#if defined(SHOAL_HAS_AVX2_KERNELS)
  if (!has_avx2()) return 0;
  using Clock = std::chrono::steady_clock;
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  for (double spent = 0; spent < milliseconds * 1e6;) {
    const auto start = Clock::now();
    multiply_add();
    const double ns = Nanoseconds(Clock::now() - start).count();
    spent += ns;
    if (kMacs / ns > best) best = kMacs / ns;
  }
#endif
  return best;
}

}  // namespace shoal
