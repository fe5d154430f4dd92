// Reset, clock and guards of a Cortex-M.
#include "boards/startup/startup.h"

namespace shoal {
namespace {

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

constexpr uint32_t kSysTickControl = 0xE000E010;
constexpr uint32_t kSysTickReload = 0xE000E014;
constexpr uint32_t kSysTickValue = 0xE000E018;
// The counter turns, and interrupts, every 2^kTickBits ticks: as rarely as it
// can, or as often as a firmware says that sleeps in between.
#ifdef BOARD_TICK_BITS
constexpr uint32_t kTickBits = BOARD_TICK_BITS;
#else
constexpr uint32_t kTickBits = 24;
#endif
constexpr uint32_t kTickMask = (1u << kTickBits) - 1;
constexpr uint32_t kLineOn = 0xE000E100;  // NVIC, a bit of each line
constexpr uint32_t kLineOff = 0xE000E180;
constexpr uint32_t kLineDone = 0xE000E280;
constexpr uint32_t kResetControl = 0xE000ED0C;  // AIRCR

volatile uint32_t tick_turns;

}  // namespace

void start_ticks() {
  reg(kSysTickReload) = kTickMask;
  reg(kSysTickValue) = 0;
  reg(kSysTickControl) = 7;  // CPU clock, interrupt at each turn
}

// The interrupt counts turns when the value reaches 0.
uint64_t ticks() {
  for (;;) {
    const uint32_t turns = tick_turns;
    const uint32_t value = reg(kSysTickValue);
    if (turns == tick_turns) {
      return uint64_t{turns} << kTickBits | ((0 - value) & kTickMask);
    }
  }
}

void wait_for_line(uint32_t line, bool (*idle)()) {
  const uint32_t word = line / 32 * 4, bit = 1u << line % 32;
  __asm__ volatile("cpsid i" ::: "memory");
  reg(kLineDone + word) = bit;
  reg(kLineOn + word) = bit;
  if (idle()) __asm__ volatile("dsb\n wfi" ::: "memory");
  reg(kLineOff + word) = bit;
  reg(kLineDone + word) = bit;
  __asm__ volatile("cpsie i\n isb" ::: "memory");
}

void restart() {
  __asm__ volatile("dsb" ::: "memory");
  reg(kResetControl) = 0x05FA0004;  // its key, SYSRESETREQ
  for (;;) continue;
}

#if __ARM_ARCH >= 8
// Its MPU cannot forbid all access; it has a limit for the stack pointer.
void guard_memory() {
  const uint32_t limit = address_of(stack_bottom);
  __asm__ volatile("msr psplim, %0\n isb" : : "r"(limit) : "memory");
}
#else
namespace {

constexpr uint32_t kMpuControl = 0xE000ED94;
constexpr uint32_t kMpuRegion = 0xE000ED98;
constexpr uint32_t kMpuBase = 0xE000ED9C;
constexpr uint32_t kMpuSize = 0xE000EDA0;

// No access to the 1024 bytes from `at`, which is a multiple of that. They are
// a page of the emulator: where only a part of one is forbidden, it asks the
// MPU at every access to the rest.
void forbid(uint32_t region, const uint8_t* at) {
  reg(kMpuRegion) = region;
  reg(kMpuBase) = address_of(at);
  reg(kMpuSize) = 1u << 28 | 9u << 1 | 1;  // execute never, no access
}

}  // namespace

void guard_memory() {
  forbid(0, stack_guard);
  forbid(1, sram_end);
  reg(kMpuControl) = 5;  // on, the rest as without it
  __asm__ volatile("dsb\n isb" ::: "memory");
}
#endif

}  // namespace shoal

extern "C" {

// On the handler stack until main() gets its own. Floating point and Helium
// share registers, which are off after a reset.
__attribute__((naked, noreturn)) void reset_handler() {
  __asm__ volatile(
#if defined(__ARM_FP)
      "ldr r0, =0xE000ED88\n"
      "ldr r1, [r0]\n"
      "orr r1, r1, #0xF00000\n"
      "str r1, [r0]\n"
      "dsb\n"
      "isb\n"
#endif
      "bl prepare_memory\n"
      "ldr r0, =stack_top\n"
      "msr psp, r0\n"
      "movs r0, #2\n"
      "msr control, r0\n"
      "isb\n"
      "bl board_main\n");
}

void systick_handler() { shoal::tick_turns = shoal::tick_turns + 1; }
}
