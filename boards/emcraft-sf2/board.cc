// The Emcraft SmartFusion2 board as QEMU has it (emcraft-sf2): UART 0 as the
// console, SPI NOR as storage, semihosting for options and the end.
#include "boards/emcraft-sf2/spi_nor.h"
#include "boards/startup/emulated.h"
#include "boards/startup/semihosting.h"

namespace shoal {
namespace {

volatile uint32_t& uart(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40000000u + offset);
}
constexpr uint32_t kTransmit = 0x00, kFifoControl = 0x08, kLineStatus = 0x14;
constexpr uint32_t kCame = 1, kEmpty = 1u << 5;
constexpr uint32_t kUartFifo = 16;

SpiNor nor;
char command[160];  // with a key in hexadecimal digits

void console(void*, const void* data, uint32_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  for (uint32_t i = 0; i < bytes; ++i) {
    if (i % kUartFifo == 0) {
      while (!(uart(kLineStatus) & kEmpty)) continue;
    }
    uart(kTransmit) = at[i];
  }
}

int start_read(void*, uint32_t offset, uint32_t bytes, void* destination) {
  return nor.read(offset, bytes, destination);
}
int start_write(void*, uint32_t offset, uint32_t bytes, const void* source) {
  return nor.write(offset, bytes, source);
}
int start_erase(void*, uint32_t offset, uint32_t bytes) {
  return nor.erase(offset, bytes);
}
int poll_storage(void*) { return nor.poll(); }

shoal_port make_port() {
  shoal_port p = core_port(console, 142000000);
  p.command = command;
  p.storage = {nullptr, start_read, poll_storage, start_write, start_erase};
  p.storage_bytes = kNorBytes;
  p.storage_there = nor.present() ? kNorBytes : 0;
  p.storage_poll_bytes = kNorPollBytes;
  p.storage_write_bytes = kNorPageBytes;
  p.storage_erase_bytes = kNorSectorBytes;
  return p;
}

}  // namespace

uint32_t read_console(void*, void* to, uint32_t capacity) {
  auto* const bytes = static_cast<uint8_t*>(to);
  uint32_t count = 0;
  while (count < capacity && (uart(kLineStatus) & kCame)) {
    bytes[count++] = static_cast<uint8_t>(uart(kTransmit));
  }
  return count;
}

void leave(int code) { semihosting_exit(code); }

}  // namespace shoal

void board_main() {
  using namespace shoal;
  uart(kFifoControl) = 1;
  if (!semihosting_command(command, sizeof command)) command[0] = 0;
  run_and_exit(make_port());
}

void board_fault(const shoal::ConsoleFault& fault) {
  shoal::exit_with_fault(shoal::console, fault);
}
