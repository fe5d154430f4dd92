// ARM's MPS2 boards as QEMU has them: UART 0 as the console, no storage. For
// the measuring firmware.
#include "boards/cortex_m/emulated.h"

namespace shoal {
namespace {

volatile uint32_t& uart(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40004000u + offset);
}
constexpr uint32_t kData = 0x00, kState = 0x04, kControl = 0x08, kBaud = 0x10;
constexpr uint32_t kFull = 1;

void console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) {
    while (uart(kState) & kFull) continue;
    uart(kData) = at[i];
  }
}

}  // namespace
}  // namespace shoal

void board_main() {
  using namespace shoal;
  uart(kBaud) = 16;
  uart(kControl) = 1;
  run_and_exit(core_port(console, 25000000));
}

void board_fault(const shoal::FaultFrame& fault) {
  shoal::exit_with_fault(shoal::console, fault);
}
