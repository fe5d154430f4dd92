// The second core of a board in QEMU: its stacks, the waits of both cores, and
// a clock of the critical path. A board with two cores defines the functions
// that touch the hardware.
//
// In QEMU's count of instructions the cores take turns, and one clock counts
// the instructions of both. So that no half is counted with a piece of the
// other one, the first core rings when it has made its own, and of both halves
// the shorter one is taken off the clock that the firmware reads. With the word
// "together" in the command line it rings at once, as a real board would: for
// looking for races with an emulator that runs both cores at a time.
#pragma once

#include <cstdint>

#include "boards/startup/startup.h"
#include "device/shoal_cores.h"

extern "C" {
// The ends of the second core's stacks, one for its handlers.
extern uint8_t* const second_stack_top;
extern uint8_t* const second_handler_stack_top;
// The second core's program, on its own stack.
[[noreturn]] void second_core_main();
// The same behind interrupt_second_core(), also on its own stack.
[[noreturn]] void second_core_stopped();
}

namespace shoal {

// Fills in the port's second core and clock; "together" is read from its
// command.
void add_second_core(shoal_port&);
// Returns the lowest address of the second core's stack.
const uint8_t* second_stack_bottom();

// The board defines these.
bool is_first_core();
void ring_core(bool first);
// Sleeps until the other core rings, or sometimes. Does not sleep if the word
// has this value; a ring after that look ends the sleep.
void sleep_until_rung(const uint32_t* word, uint32_t value);
// Has the second core begin. Returns false if it has begun before, as it does
// once only.
bool start_second_core();
// Has the second core leave what it does, and call second_core_stopped() soon.
// Returns false if the board cannot do that.
bool interrupt_second_core();
// Guards the second core's memory; it calls this first.
void guard_second_core();

}  // namespace shoal
