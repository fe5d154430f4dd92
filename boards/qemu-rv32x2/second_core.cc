// The second hart of QEMU's board "virt". Both begin at the reset vector; this
// one sleeps until the first hart rings for the first time.
#include "boards/startup/two_cores.h"

namespace shoal {
namespace {

// The local interruptor: a doorbell of each hart, a clock of 10 MHz, and the
// moments at which that interrupts the first hart, and stops the second one.
constexpr uint32_t kDoorbell = 0x02000000;
constexpr uint32_t kWake = 0x02004000, kStop = 0x02004008;
constexpr uint32_t kNow = 0x0200BFF8;
constexpr uint32_t kSoftware = 1u << 3, kTimer = 1u << 7;  // of mie
constexpr uint32_t kInterrupts = 1u << 3;                  // of mstatus
constexpr uint32_t kLookTicks = 1000000;

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

bool has_begun;

void let_it_stop() {
  __asm__ volatile("csrw mie, %0" : : "r"(kTimer) : "memory");
  __asm__ volatile("csrs mstatus, %0" : : "r"(kInterrupts) : "memory");
}

// Sets the timer, so that the caller notices a core that never rings.
void wake_in_a_while() {
  reg(kWake + 4) = ~0u;
  const uint32_t low = reg(kNow), high = reg(kNow + 4);
  reg(kWake) = low + kLookTicks;
  reg(kWake + 4) = high + (low + kLookTicks < low);
}

}  // namespace

bool is_first_core() {
  uint32_t hart;
  __asm__ volatile("csrr %0, mhartid" : "=r"(hart));
  return hart == 0;
}

void ring_core(bool first) {
  __asm__ volatile("fence rw, rw" ::: "memory");
  reg(kDoorbell + (first ? 0 : 4)) = 1;
}

// Interrupts are off here and only end the sleep. On the second hart they are
// on elsewhere: there is one, which stops it.
void sleep_until_rung(const uint32_t* word, uint32_t value) {
  const bool first = is_first_core();
  __asm__ volatile("csrc mstatus, %0" : : "r"(kInterrupts) : "memory");
  reg(kDoorbell + (first ? 0 : 4)) = 0;
  if (first) wake_in_a_while();
  __asm__ volatile("csrw mie, %0" : : "r"(kSoftware | kTimer) : "memory");
  if (shoal_read_word(word) != value) __asm__ volatile("wfi" ::: "memory");
  if (!first) let_it_stop();
}

bool start_second_core() {
  if (has_begun) return false;
  has_begun = true;
  ring_core(false);
  return true;
}

bool interrupt_second_core() {
  __asm__ volatile("fence rw, rw" ::: "memory");
  reg(kStop + 4) = 0;
  reg(kStop) = 0;
  return true;
}

// The protection of memory is each hart's own.
void guard_second_core() {
  guard_memory();
  reg(kStop + 4) = ~0u;
  let_it_stop();
}

}  // namespace shoal

extern "C" __attribute__((naked, noreturn)) void second_reset_handler() {
  __asm__ volatile(
      "la sp, second_handler_stack_top\n"
      "lw sp, 0(sp)\n"
      "csrw mscratch, sp\n"
      "la t0, second_trap_handler\n"
      "csrw mtvec, t0\n"
      "li t0, 8\n"
      "csrw mie, t0\n"
      "1:\n"
      "wfi\n"
      "csrr t1, mip\n"
      "and t1, t1, t0\n"
      "beqz t1, 1b\n"
      "la sp, second_stack_top\n"
      "lw sp, 0(sp)\n"
      "call second_core_main\n");
}

// A stop goes on in second_core_stopped(), on an empty stack; all else is a
// fault. It may come again until that has begun.
extern "C" __attribute__((naked, noreturn, aligned(4))) void
second_trap_handler() {
  __asm__ volatile(
      "csrr t0, mcause\n"
      "bltz t0, 1f\n"
      "j trap_handler\n"
      "1:\n"
      "li t0, 0x0200400C\n"  // the upper half of kStop
      "li t1, -1\n"
      "sw t1, 0(t0)\n"
      "la sp, second_stack_top\n"
      "lw sp, 0(sp)\n"
      "la t0, second_core_stopped\n"
      "csrw mepc, t0\n"
      "mret\n");
}
