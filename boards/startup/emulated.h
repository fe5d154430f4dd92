// The code that boards in QEMU have in common: a port without storage, and ends
// of a run that leave the emulator with an exit status.
#pragma once

#include "boards/startup/startup.h"

namespace shoal {

using Console = void (*)(void* user, const void* data, uint32_t bytes);

// Returns all SRAM behind the fixed bytes, the CPU's clock, no storage, no
// command. BOARD_NAME comes from the board's build.
shoal_port core_port(Console, uint32_t ticks_per_second);

// The board defines it. Returns the number of bytes that have come on its
// console, at most `capacity`; 0: none yet.
uint32_t read_console(void* user, void* to, uint32_t capacity);

// The board defines it. Ends the emulator with this exit status.
[[noreturn]] void leave(int code);

// Guards the memory, starts the clock, runs the firmware.
[[noreturn]] void run_and_exit(const shoal_port&);
[[noreturn]] void exit_with_fault(Console, const ConsoleFault&);

}  // namespace shoal
