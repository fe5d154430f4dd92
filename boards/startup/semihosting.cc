#include "boards/startup/semihosting.h"

namespace shoal {
namespace {

constexpr uint32_t kOpen = 0x01, kWrite = 0x05;
constexpr uint32_t kAppend = 8;  // fopen()'s "a"
constexpr uint32_t kGetCommandLine = 0x15;
constexpr uint32_t kExitExtended = 0x20;
constexpr uint32_t kApplicationExit = 0x20026;

uint32_t call(uint32_t operation, void* argument) {
#if defined(__riscv)
  register uint32_t result __asm__("a0") = operation;
  register void* at __asm__("a1") = argument;
  // These three instructions, uncompressed, are the call.
  __asm__ volatile(
      ".option push\n"
      ".option norvc\n"
      ".balign 16\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop\n"
      : "+r"(result)
      : "r"(at)
      : "memory");
#else
  register uint32_t result __asm__("r0") = operation;
  register void* at __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(at) : "memory");
#endif
  return result;
}

uint32_t output;

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

bool semihosting_open_output() {
  static constexpr char kName[] = "/dev/stdout";
  struct {
    const char* name;
    uint32_t mode, length;
  } block = {kName, kAppend, sizeof kName - 1};
  output = call(kOpen, &block);
  return output != ~uint32_t{0};
}

void semihosting_write(const void* data, uint32_t bytes) {
  struct {
    uint32_t file;
    const void* data;
    uint32_t bytes;
  } block = {output, data, bytes};
  call(kWrite, &block);
}

}  // namespace shoal
