#include "boards/cortex_m/semihosting.h"

namespace shoal {
namespace {

constexpr uint32_t kGetCommandLine = 0x15;
constexpr uint32_t kExitExtended = 0x20;
constexpr uint32_t kApplicationExit = 0x20026;

uint32_t call(uint32_t operation, void* argument) {
  register uint32_t r0 __asm__("r0") = operation;
  register void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

}  // namespace

void semihosting_exit(int code) {
  uint32_t block[2] = {kApplicationExit, static_cast<uint32_t>(code)};
  for (;;) call(kExitExtended, block);
}

bool semihosting_command(char* text, uint32_t bytes) {
  struct {
    char* text;
    uint32_t bytes;
  } block = {text, bytes};
  return call(kGetCommandLine, &block) == 0;
}

}  // namespace shoal
