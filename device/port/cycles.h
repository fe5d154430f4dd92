// The counter of the CPU's cycles that the core has, for measuring what kernels
// take (`shoal probe`). A counter may stand still, as DWT does in QEMU; the
// host finds that by comparing it with a clock.
#pragma once

#include <cstdint>

namespace shoal {

struct CycleCounter {
  const char* name = "";         // at most 7 characters
  uint32_t (*read)() = nullptr;  // counts up; null: there is none
  uint32_t mask = 0xFFFFFFFF;    // of its bits
  uint32_t hz = 0;               // 0: the CPU's cycles, whatever they are
};

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'

inline volatile uint32_t& core_register(uintptr_t address) {
  return *reinterpret_cast<volatile uint32_t*>(address);
}

// Starts it, if it does not count yet.
inline CycleCounter core_cycles() {
#if __ARM_ARCH >= 7 && !defined(__ARM_ARCH_8M_BASE__)
  core_register(0xE000EDFC) =
      core_register(0xE000EDFC) | 1u << 24;  // DEMCR.TRCENA
  core_register(0xE0001FB0) = 0xC5ACCE55;    // DWT_LAR: of some Cortex-M7
  core_register(0xE0001000) =
      core_register(0xE0001000) | 1;  // DWT_CTRL.CYCCNTENA
  return {"DWT", [] { return +core_register(0xE0001004); }};
#else
  // SysTick has 24 bits and counts down. A SysTick that serves as a clock
  // starts again each millisecond, and is of no use here.
  constexpr uint32_t kEnable = 1, kOfCpu = 4, kBits = 0xFFFFFF;
  volatile uint32_t& control = core_register(0xE000E010);
  if (control & kEnable) return {};
  core_register(0xE000E014) = kBits;
  core_register(0xE000E018) = 0;
  control = kEnable | kOfCpu;
  return {"SysTick", [] { return kBits - core_register(0xE000E018); }, kBits};
#endif
}

#elif defined(__XTENSA__)

inline CycleCounter core_cycles() {
  return {"CCOUNT", [] {
            uint32_t count;
            __asm__ volatile("rsr %0, ccount" : "=r"(count));
            return count;
          }};
}

// An ESP32-C3 has another counter in its place and faults at mcycle.
#elif defined(__riscv) && !defined(__linux__) && !defined(ESP_PLATFORM)

inline CycleCounter core_cycles() {
  return {"mcycle", [] {
            uintptr_t count;
            __asm__ volatile("csrr %0, mcycle" : "=r"(count));
            return static_cast<uint32_t>(count);
          }};
}

#else

inline CycleCounter core_cycles() { return {}; }

#endif

}  // namespace shoal
