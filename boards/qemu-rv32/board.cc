// QEMU's RISC-V board "virt": UART 0 as the console, memory that the emulator
// fills as its flash, the test device for the end, semihosting for options.
#include "boards/riscv/protect.h"
#include "boards/startup/emulated.h"
#include "boards/startup/mapped_flash.h"
#include "boards/startup/semihosting.h"
#include "boards/startup/two_cores.h"

namespace shoal {

namespace {
constexpr uint32_t kUart = 0x10000000, kTest = 0x00100000;
constexpr uint32_t kFlash = 0x81000000, kFlashBytes = 16u << 20;
constexpr uint32_t kPage = 4096;
#if defined(SHOAL_TWO_CORES)
constexpr uint32_t kInterruptor = 0x02000000, kInterruptorBytes = 64u << 10;
#endif
}  // namespace

extern const protect::Region board_regions[kBoardRegions] = {
    {kUart, kPage, protect::kRead | protect::kWrite},
    {kTest, kPage, protect::kRead | protect::kWrite},
    {kFlash, kFlashBytes, protect::kRead | protect::kWrite},
#if defined(SHOAL_TWO_CORES)
    {kInterruptor, kInterruptorBytes, protect::kRead | protect::kWrite},
#endif
};

namespace {

constexpr uint32_t kLineStatus = 5, kCame = 1, kEmpty = 1u << 5;
constexpr uint32_t kUartFifo = 16;
constexpr uint32_t kPass = 0x5555, kFail = 0x3333;

char command[160];  // with a key in hexadecimal digits

volatile uint8_t& uart(uint32_t offset) {
  return *reinterpret_cast<volatile uint8_t*>(kUart + offset);
}

void console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) {
    if (i % kUartFifo == 0) {
      while (!(uart(kLineStatus) & kEmpty)) continue;
    }
    uart(0) = at[i];
  }
}

}  // namespace

uint32_t read_console(void*, void* to, uint32_t capacity) {
  auto* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && (uart(kLineStatus) & kCame)) {
    bytes[count++] = uart(0);
  }
  return count;
}

void leave(int code) {
  auto& test = *reinterpret_cast<volatile uint32_t*>(kTest);
  for (;;) test = code == 0 ? kPass : static_cast<uint32_t>(code) << 16 | kFail;
}

}  // namespace shoal

void board_main() {
  using namespace shoal;
  if (!semihosting_command(command, sizeof command)) command[0] = 0;
  shoal_port port = core_port(console, 1000000000);
  port.command = command;
  map_flash(port, reinterpret_cast<uint8_t*>(kFlash), kFlashBytes);
#if defined(SHOAL_TWO_CORES)
  add_second_core(port);
#endif
  run_and_exit(port);
}

void board_fault(const shoal::ConsoleFault& fault) {
  shoal::exit_with_fault(shoal::console, fault);
}
