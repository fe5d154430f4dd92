// Reset, clock and guards of a 32-bit RISC-V CPU in machine mode.
#include "boards/riscv/protect.h"
#include "boards/startup/startup.h"

namespace shoal {

// QEMU counts from its start, a real one too.
void start_ticks() {}

uint64_t ticks() {
  for (;;) {
    uint32_t high, low, again;
    __asm__ volatile("csrr %0, mcycleh\n" : "=r"(high));
    __asm__ volatile("csrr %0, mcycle\n" : "=r"(low));
    __asm__ volatile("csrr %0, mcycleh\n" : "=r"(again));
    if (high == again) return uint64_t{high} << 32 | low;
  }
}

// The stack lies lowest in SRAM, and what lies below cannot be written: flash,
// or nothing that is listed. (A region for the guard alone, smaller than a
// page, would make an emulator look up every access to the stack: 20 times
// slower.)
void guard_memory() {
  using namespace protect;
  const Region regions[kRegions] = {
    {address_of(flash_begin), address_of(flash_end) - address_of(flash_begin),
     kRead | kExecute},
    {address_of(sram_begin), address_of(sram_end) - address_of(sram_begin),
     kRead | kWrite},
    board_regions[0],
    board_regions[1],
    board_regions[2],
#if defined(SHOAL_TWO_CORES)
    board_regions[3],
#else
    {0, 0, kNothing},  // all else
#endif
    {0, 0, kNothing},  // all else
    {0, 0, kNothing},
  };
  lock(regions);
}

}  // namespace shoal

extern "C" {

// On the handler stack until main() gets its own.
__attribute__((naked, noreturn, section(".vectors"))) void reset_handler() {
  __asm__ volatile(
#if defined(SHOAL_TWO_CORES)
      "csrr t0, mhartid\n"
      "bnez t0, second_reset_handler\n"
#endif
      "la sp, handler_stack_top\n"
      "csrw mscratch, sp\n"
      "la t0, trap_handler\n"
      "csrw mtvec, t0\n"
      "call prepare_memory\n"
      "la sp, stack_top\n"
      "call board_main\n");
}
}
