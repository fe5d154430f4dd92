// ARM's MPS2 and MPS3 boards as QEMU has them: UART 0 as the console, external
// memory that the emulator fills as their flash, semihosting for options and
// the end. Addresses come from board.cmake.
#include "boards/startup/emulated.h"
#include "boards/startup/mapped_flash.h"
#include "boards/startup/semihosting.h"
#include "boards/startup/two_cores.h"

namespace shoal {
namespace {

volatile uint32_t& uart(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(BOARD_UART + offset);
}
constexpr uint32_t kData = 0x00, kState = 0x04, kControl = 0x08, kBaud = 0x10;
constexpr uint32_t kFull = 1, kCame = 2;
constexpr uint32_t kFlashBytes = 16u << 20;

char command[160];  // with a key in hexadecimal digits

void console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) {
    while (uart(kState) & kFull) continue;
    uart(kData) = at[i];
  }
}

}  // namespace

uint32_t read_console(void*, void* to, uint32_t capacity) {
  auto* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && (uart(kState) & kCame)) {
    bytes[count++] = static_cast<uint8_t>(uart(kData));
  }
  return count;
}

void leave(int code) { semihosting_exit(code); }

}  // namespace shoal

void board_main() {
  using namespace shoal;
  uart(kBaud) = 16;
  uart(kControl) = 3;
  if (!semihosting_command(command, sizeof command)) command[0] = 0;
  shoal_port port = core_port(console, BOARD_CLOCK);
  port.command = command;
  map_flash(port, reinterpret_cast<uint8_t*>(BOARD_FLASH), kFlashBytes);
#if defined(SHOAL_TWO_CORES)
  add_second_core(port);
#endif
  run_and_exit(port);
}

void board_fault(const shoal::ConsoleFault& fault) {
  shoal::exit_with_fault(shoal::console, fault);
}
