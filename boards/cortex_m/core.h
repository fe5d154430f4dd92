// What every Cortex-M board shares: the vector table and the reset handler,
// stacks, the stack guard, the tick counter, the report of a CPU exception.
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

// Of the board, called by the reset handler on the main stack.
[[noreturn]] void board_main();
// Of the board, called on the handler stack.
[[noreturn]] void board_fault(const shoal::FaultFrame&);
}

namespace shoal {

// SysTick as a clock: counts CPU cycles, 64 bits wide.
void start_ticks();
uint64_t ticks();

// No access to the guard below the main stack.
void guard_stack();
void measure_memory(shoal_memory* out);

}  // namespace shoal
