// The start of every board without an operating system: memory as the linker
// script lays it out, stacks, the stack guard, the tick counter, the report of
// a CPU exception. boards/cortex_m and boards/riscv have the parts that depend
// on the CPU.
//
// The linker script gives the memory: guard (32 bytes), main stack, handler
// stack, .data, .bss, then the arena. The stacks lie lowest, so that an
// overflow leaves SRAM or hits the guard instead of someone's data; handlers
// have a stack of their own, so that an overflow can be reported.
#pragma once

#include <cstdint>

#include "device/port/console.h"
#include "device/port/port.h"

extern "C" {
extern uint8_t stack_guard[], stack_bottom[], stack_top[];
extern uint8_t handler_stack_bottom[], handler_stack_top[];
extern uint8_t data_load[], data_begin[], data_end[], bss_begin[], bss_end[];
extern uint8_t sram_begin[], arena_begin[], sram_end[];
extern uint8_t flash_begin[], flash_used_end[], flash_end[];
extern const uint8_t chip_flashed[];  // of the flash: its last KB

// Called by the reset handler on the handler stack: fills .data and .bss,
// paints both stacks.
void prepare_memory();
// The board defines it; the reset handler calls it on the main stack.
[[noreturn]] void board_main();
// The board defines it; it is called on the handler stack.
[[noreturn]] void board_fault(const shoal::ConsoleFault&);
}

namespace shoal {

// The CPU's folder defines them: a clock of 64 bits that counts cycles, or what
// the board's port says.
void start_ticks();
uint64_t ticks();

// The CPU's folder defines it. Sleeps until an interrupt, also that of a device
// on this line, which is not served and is off again afterwards; a turn of the
// clock's counter ends it, too. Does not sleep unless `idle()`, which is asked
// when nothing can come between any more.
void wait_for_line(uint32_t line, bool (*idle)());

// A Cortex-M defines it. Resets the chip; memory survives.
[[noreturn]] void restart();

// The CPU's folder defines it. Forbids access to the guard below the main
// stack, and behind the end of SRAM where the CPU can do so.
void guard_memory();
void measure_memory(shoal_memory* out);

// Returns whether an access to this address has left the main stack.
bool is_below_stack(uint32_t address);

inline uint32_t address_of(const volatile void* at) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(at));
}

}  // namespace shoal
