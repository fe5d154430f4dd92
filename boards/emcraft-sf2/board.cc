// The Emcraft SmartFusion2 board as QEMU has it (emcraft-sf2): UART 0 as the
// console, SPI NOR as storage, semihosting for options and the end.
#include "boards/cortex_m/core.h"
#include "boards/cortex_m/semihosting.h"
#include "boards/emcraft-sf2/spi_nor.h"
#include "boards/firmware/firmware.h"

namespace shoal {
namespace {

volatile uint32_t& uart(uint32_t offset) {
  return *reinterpret_cast<volatile uint32_t*>(0x40000000u + offset);
}
constexpr uint32_t kTransmit = 0x00, kFifoControl = 0x08, kLineStatus = 0x14;
constexpr uint32_t kEmpty = 1u << 5;
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
uint64_t read_ticks(void*) { return ticks(); }
void memory(void*, shoal_memory* out) { measure_memory(out); }

shoal_port make_port() {
  shoal_port p{};
  p.board = "emcraft-sf2";
  p.command = command;
  p.arena = arena_begin;
  p.arena_bytes = static_cast<uint32_t>(sram_end - arena_begin);
  p.memory = memory;
  p.ticks = read_ticks;
  p.ticks_per_second = 142000000;
  p.console = console;
  p.storage = {nullptr, start_read, poll_storage, start_write, start_erase};
  p.storage_bytes = nor.present() ? kNorBytes : 0;
  p.storage_poll_bytes = kNorPollBytes;
  p.storage_write_bytes = kNorPageBytes;
  p.storage_erase_bytes = kNorSectorBytes;
  return p;
}

}  // namespace
}  // namespace shoal

void board_main() {
  using namespace shoal;
  guard_stack();
  uart(kFifoControl) = 1;
  if (!semihosting_command(command, sizeof command)) command[0] = 0;
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
