// Traps that end a node: which one, where, and what it touched. Interrupts are
// not used: everything polls.
#include "boards/startup/startup.h"

namespace shoal {
namespace {

// Causes of mcause: access faults of fetching, reading and writing.
constexpr uint32_t kFetch = 1, kRead = 5, kWrite = 7;

}  // namespace
}  // namespace shoal

extern "C" __attribute__((used, noreturn)) void report_trap(uint32_t cause,
                                                            uint32_t pc,
                                                            uint32_t address,
                                                            uint32_t lr) {
  using namespace shoal;
  const bool access = cause == kFetch || cause == kRead || cause == kWrite;
  ConsoleFault f{};
  FaultKind kind = access ? FaultKind::kBus : FaultKind::kOther;
  if (access && is_below_stack(address)) kind = FaultKind::kStackOverflow;
  f.kind = static_cast<uint32_t>(kind);
  f.pc = pc;
  f.lr = lr;
  f.address = access ? address : 0;
  f.status = cause;
  board_fault(f);
}

// On the handler stack, as the main one may have no room.
extern "C" __attribute__((naked, noreturn, aligned(4))) void trap_handler() {
  __asm__ volatile(
      "csrr sp, mscratch\n"
      "csrr a0, mcause\n"
      "csrr a1, mepc\n"
      "csrr a2, mtval\n"
      "mv a3, ra\n"
      "j report_trap\n");
}
