// Exceptions that end a node: which one, where, and what it touched.
#include "boards/startup/startup.h"

namespace shoal {
namespace {

constexpr uint32_t kConfigurable = 0xE000ED28;  // CFSR
constexpr uint32_t kHard = 0xE000ED2C;          // HFSR
constexpr uint32_t kMemoryAddress = 0xE000ED34;
constexpr uint32_t kBusAddress = 0xE000ED38;

constexpr uint32_t kMemoryStacking = 1u << 4;
constexpr uint32_t kMemoryAddressValid = 1u << 7;
constexpr uint32_t kBusStacking = 1u << 12;
constexpr uint32_t kBusAddressValid = 1u << 15;
constexpr uint32_t kMemoryFaults = 0x000000FF;
constexpr uint32_t kBusFaults = 0x0000FF00;
constexpr uint32_t kBelowLimit = 1u << 20;  // of the stack; ARMv8-M

uint32_t read(uint32_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

}  // namespace
}  // namespace shoal

extern "C" __attribute__((used, noreturn)) void report_fault(
    const uint32_t* frame) {
  using namespace shoal;
  ConsoleFault f{};
  f.status = read(kConfigurable);
  f.hard = read(kHard);
  const bool unstacked =
      f.status & (kMemoryStacking | kBusStacking | kBelowLimit);
  if (f.status & kMemoryAddressValid) f.address = read(kMemoryAddress);
  if (f.status & kBusAddressValid) f.address = read(kBusAddress);
  FaultKind kind = f.status & kBusFaults      ? FaultKind::kBus
                   : f.status & kMemoryFaults ? FaultKind::kMemory
                                              : FaultKind::kOther;
  if (unstacked || (f.address != 0 && is_below_stack(f.address))) {
    kind = FaultKind::kStackOverflow;
  }
  f.kind = static_cast<uint32_t>(kind);
  // Without room for it there is no frame to read.
  if (!unstacked && !is_below_stack(address_of(frame))) {
    f.lr = frame[5];
    f.pc = frame[6];
  }
  board_fault(f);
}

// r0: the stack that the exception's frame was pushed on.
extern "C" __attribute__((naked, noreturn)) void fault_handler() {
  __asm__ volatile(
      "tst lr, #4\n"
      "ite eq\n"
      "mrseq r0, msp\n"
      "mrsne r0, psp\n"
      "b report_fault\n");
}
