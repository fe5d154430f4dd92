// The second core of ARM's subsystem SSE-200: how it starts, and the doorbells
// between both.
#include "boards/startup/two_cores.h"

extern "C" {
void fault_handler();
void second_reset_handler();
void second_stop_handler();
}

namespace shoal {
namespace {

volatile uint32_t& reg(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

constexpr uint32_t kVectors = 0x50021114;   // INITSVTOR1: of core 1
constexpr uint32_t kHeld = 0x50021118;      // CPUWAIT: a bit of each core
constexpr uint32_t kIdentity = 0x5001F000;  // of the core that reads it
// A mailbox unit. For each core a register to look, to set and to clear.
constexpr uint32_t kMailbox = 0x50003000;
constexpr uint32_t kStopMailbox = 0x50004000;  // the second unit
constexpr uint32_t kSet = 4, kClear = 8, kOfCore1 = 0x10;
constexpr uint32_t kLineOn = 0xE000E100;  // NVIC
constexpr uint32_t kLineOff = 0xE000E180;
constexpr uint32_t kLineDone = 0xE000E280;
constexpr uint32_t kLine = 1u << 6;      // of the mailbox
constexpr uint32_t kStopLine = 1u << 7;  // of the second unit
constexpr uint32_t kCore1 = 1u << 1;

// Its faults end the board as those of the first core do.
using Handler = void (*)();
struct alignas(128) Vectors {
  uint8_t* stack;
  Handler handlers[15];
  Handler lines[8];
};

uint32_t mailbox_of(bool first) { return kMailbox + (first ? 0 : kOfCore1); }

}  // namespace

bool is_first_core() { return reg(kIdentity) == 0; }

void ring_core(bool first) {
  __asm__ volatile("dsb" ::: "memory");
  reg(mailbox_of(first) + kSet) = 1;
}

void sleep_until_rung(const uint32_t* word, uint32_t value) {
  __asm__ volatile("cpsid i" ::: "memory");
  reg(mailbox_of(is_first_core()) + kClear) = 1;
  reg(kLineDone) = kLine;
  reg(kLineOn) = kLine;
  if (shoal_read_word(word) != value)
    __asm__ volatile("dsb\n wfi" ::: "memory");
  reg(kLineOff) = kLine;
  __asm__ volatile("cpsie i\n isb" ::: "memory");
}

// It cannot be held again.
bool start_second_core() {
  static Vectors vectors = {
      nullptr,
      {second_reset_handler, fault_handler, fault_handler, fault_handler,
       fault_handler, fault_handler, nullptr, nullptr, nullptr, nullptr,
       fault_handler, fault_handler, nullptr, fault_handler, nullptr},
      {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
       second_stop_handler}};
  if (!(reg(kHeld) & kCore1)) return false;
  vectors.stack = second_handler_stack_top;
  reg(kVectors) = address_of(&vectors);
  __asm__ volatile("dsb" ::: "memory");
  reg(kHeld) = reg(kHeld) & ~kCore1;
  return true;
}

// Its interrupts are off for no longer than it looks at a word.
bool interrupt_second_core() {
  __asm__ volatile("dsb" ::: "memory");
  reg(kStopMailbox + kOfCore1 + kSet) = 1;
  return true;
}

void guard_second_core() {
  reg(kStopMailbox + kOfCore1 + kClear) = 1;
  reg(kLineDone) = kStopLine;
  reg(kLineOn) = kStopLine;
  const uint32_t limit = address_of(second_stack_bottom());
  __asm__ volatile("msr psplim, %0\n isb" : : "r"(limit) : "memory");
}

}  // namespace shoal

// Begins on the handlers' stack.
extern "C" __attribute__((naked, noreturn)) void second_reset_handler() {
  __asm__ volatile(
      "ldr r0, =second_stack_top\n"
      "ldr r0, [r0]\n"
      "msr psp, r0\n"
      "movs r0, #2\n"
      "msr control, r0\n"
      "isb\n"
      "bl second_core_main\n");
}

// Returns from the interrupt to second_core_stopped(), on an empty stack. The
// line stays off until guard_second_core(): the mailbox still asks.
extern "C" __attribute__((naked)) void second_stop_handler() {
  __asm__ volatile(
      "ldr r0, =0xE000E180\n"  // kLineOff
      "movs r1, #0x80\n"       // kStopLine
      "str r1, [r0]\n"
      "dsb\n"
      "ldr r0, =second_stack_top\n"
      "ldr r0, [r0]\n"
      "subs r0, #32\n"
      "movs r1, #0\n"
      "str r1, [r0, #20]\n"  // LR
      "ldr r1, =second_core_stopped\n"
      "bic r1, r1, #1\n"
      "str r1, [r0, #24]\n"  // PC
      "ldr r1, =0x01000000\n"
      "str r1, [r0, #28]\n"  // xPSR: Thumb
      "msr psp, r0\n"
      "bx lr\n");
}
