// ARM's MPS2 boards as QEMU has them: UART 0 as the console, no storage. For
// the measuring firmware; BOARD_NAME comes from the board's folder.
#include "boards/cortex_m/core.h"
#include "boards/cortex_m/semihosting.h"
#include "boards/firmware/firmware.h"

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

uint64_t read_ticks(void*) { return ticks(); }
void memory(void*, shoal_memory* out) { measure_memory(out); }

shoal_port make_port() {
  shoal_port p{};
  p.board = BOARD_NAME;
  p.command = "";
  p.arena = arena_begin;
  p.arena_bytes = static_cast<uint32_t>(sram_end - arena_begin);
  p.memory = memory;
  p.ticks = read_ticks;
  p.ticks_per_second = 25000000;
  p.console = console;
  return p;
}

}  // namespace
}  // namespace shoal

void board_main() {
  using namespace shoal;
  guard_stack();
  uart(kBaud) = 16;
  uart(kControl) = 1;
  start_ticks();
  const shoal_port port = make_port();
  semihosting_exit(run_firmware(port));
}

void board_fault(const shoal::FaultFrame& fault) {
  shoal_port port{};
  port.console = shoal::console;
  shoal::send_fault(port, fault);
  shoal::semihosting_exit(shoal::kExitFault);
}
