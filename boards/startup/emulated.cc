#include "boards/startup/emulated.h"

#include "boards/firmware/firmware.h"
#include "boards/firmware/options.h"
#include "boards/startup/semihosting.h"

namespace shoal {
namespace {

uint64_t read_ticks(void*) { return ticks(); }
void memory(void*, shoal_memory* out) { measure_memory(out); }

}  // namespace

shoal_port core_port(Console console, uint32_t ticks_per_second) {
  shoal_port p{};
  p.board = BOARD_NAME;
  p.command = "";
  p.arena = arena_begin;
  p.arena_bytes = static_cast<uint32_t>(sram_end - arena_begin);
  p.measure_memory = memory;
  p.read_ticks = read_ticks;
  p.ticks_per_second = ticks_per_second;
  p.write_console = console;
  return p;
}

void run_and_exit(const shoal_port& port) {
  guard_memory();
  start_ticks();
#ifdef SHOAL_TAP
  // All rows of a frame: byte by byte a UART takes ten times as long as what
  // the emulator computes.
  if (has_option(port.command, "trace") && semihosting_open_output()) {
    shoal_port other = port;
    other.write_console = [](void*, const void* data, uint32_t bytes) {
      semihosting_write(data, bytes);
    };
    leave(run_firmware(other));
  }
#endif
  leave(run_firmware(port));
}

void exit_with_fault(Console console, const ConsoleFault& fault) {
  shoal_port port{};
  port.write_console = console;
  send_fault(port, fault);
  leave(kExitFault);
}

}  // namespace shoal
