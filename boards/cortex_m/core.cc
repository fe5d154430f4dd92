#include "boards/cortex_m/core.h"

namespace shoal {
namespace {

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

constexpr uint32_t kSysTickControl = 0xE000E010;
constexpr uint32_t kSysTickReload = 0xE000E014;
constexpr uint32_t kSysTickValue = 0xE000E018;
constexpr uint32_t kTickMask = 0xFFFFFF;

constexpr uint32_t kMpuControl = 0xE000ED94;
constexpr uint32_t kMpuRegion = 0xE000ED98;
constexpr uint32_t kMpuBase = 0xE000ED9C;
constexpr uint32_t kMpuSize = 0xE000EDA0;

constexpr uint32_t kPaint = 0xC5C5C5C5;

volatile uint32_t tick_turns;

uint32_t distance(const uint8_t* from, const uint8_t* to) {
  return static_cast<uint32_t>(reinterpret_cast<uintptr_t>(to) -
                               reinterpret_cast<uintptr_t>(from));
}

uint32_t stack_used(const uint8_t* bottom, const uint8_t* top) {
  const auto* word = reinterpret_cast<const uint32_t*>(bottom);
  const auto* end = reinterpret_cast<const uint32_t*>(top);
  while (word < end && *word == kPaint) ++word;
  return distance(reinterpret_cast<const uint8_t*>(word), top);
}

void fill(uint8_t* from, uint8_t* to, uint32_t value) {
  auto* word = reinterpret_cast<volatile uint32_t*>(from);
  auto* end = reinterpret_cast<volatile uint32_t*>(to);
  while (word < end) *word++ = value;
}

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
      return uint64_t{turns} << 24 | ((0 - value) & kTickMask);
    }
  }
}

void guard_stack() {
  reg(kMpuRegion) = 0;
  reg(kMpuBase) =
      static_cast<uint32_t>(reinterpret_cast<uintptr_t>(stack_guard));
  reg(kMpuSize) = 1u << 28 | 4u << 1 | 1;  // execute never, no access, 32 bytes
  reg(kMpuControl) = 5;                    // on, the rest as without it
  __asm__ volatile("dsb\n isb" ::: "memory");
}

void measure_memory(shoal_memory* m) {
  m->sram_bytes = distance(sram_begin, sram_end);
  m->fixed_bytes = distance(sram_begin, arena_begin);
  m->stack_bytes = distance(stack_bottom, stack_top);
  m->stack_used = stack_used(stack_bottom, stack_top);
  m->handler_stack_bytes = distance(handler_stack_bottom, handler_stack_top);
  m->handler_stack_used = stack_used(handler_stack_bottom, handler_stack_top);
  m->flash_bytes = distance(flash_begin, flash_end);
  m->flash_used = distance(flash_begin, flash_used_end);
}

}  // namespace shoal

extern "C" {

// On the handler stack; paints both stacks, then main() gets its own.
__attribute__((used, noinline)) void prepare_memory() {
  using namespace shoal;
  const volatile uint8_t* from = data_load;
  for (uint8_t* to = data_begin; to < data_end; ++to, ++from) *to = *from;
  fill(bss_begin, bss_end, 0);
  fill(stack_bottom, stack_top, kPaint);
  // What lies above the stack pointer is in use.
  auto* here = static_cast<uint8_t*>(__builtin_frame_address(0));
  fill(handler_stack_bottom, here - 128, kPaint);
}

__attribute__((naked, noreturn)) void reset_handler() {
  __asm__ volatile(
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
