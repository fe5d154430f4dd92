#include "boards/firmware/self_test.h"

#include "boards/firmware/options.h"

namespace shoal {
namespace {

// Deeper than any stack, in a way that the compiler makes no loop of.
constexpr uint32_t kDepth = 1u << 20;
__attribute__((noinline)) uint32_t dig(volatile uint32_t* above) {
  volatile uint32_t here[8];
  here[0] = *above + 1;
  return here[0] < kDepth ? dig(here) + here[0] : 0;
}

}  // namespace

void run_self_test(const shoal_port& port) {
  if (has_option(port.command, "test=stack")) {
    volatile uint32_t top = 0;
    volatile uint32_t sum = dig(&top);
    static_cast<void>(sum);
  }
  if (has_option(port.command, "test=hang")) {
    for (;;) port.ticks(port.user);
  }
  if (has_option(port.command, "test=memory")) {
    auto* end = static_cast<volatile uint8_t*>(port.arena) + port.arena_bytes;
    volatile uint8_t byte = *end;
    static_cast<void>(byte);
  }
}

}  // namespace shoal
