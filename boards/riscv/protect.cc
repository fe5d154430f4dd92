#include "boards/riscv/protect.h"

namespace shoal::protect {
namespace {

constexpr uint32_t kPowerOfTwo = 3u << 3, kLocked = 1u << 7;

uint32_t address_code(const Region& r) {
  return r.bytes == 0 ? ~0u : r.base >> 2 | (r.bytes / 8 - 1);
}

uint32_t four_settings(const Region* r) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    code |= (kLocked | kPowerOfTwo | r[i].access) << 8 * i;
  }
  return code;
}

}  // namespace

// The settings that allow come first: the last ones forbid all else.
void lock(const Region (&r)[kRegions]) {
  __asm__ volatile("csrw pmpaddr0, %0\n" : : "r"(address_code(r[0])));
  __asm__ volatile("csrw pmpaddr1, %0\n" : : "r"(address_code(r[1])));
  __asm__ volatile("csrw pmpaddr2, %0\n" : : "r"(address_code(r[2])));
  __asm__ volatile("csrw pmpaddr3, %0\n" : : "r"(address_code(r[3])));
  __asm__ volatile("csrw pmpaddr4, %0\n" : : "r"(address_code(r[4])));
  __asm__ volatile("csrw pmpaddr5, %0\n" : : "r"(address_code(r[5])));
  __asm__ volatile("csrw pmpaddr6, %0\n" : : "r"(address_code(r[6])));
  __asm__ volatile("csrw pmpaddr7, %0\n" : : "r"(address_code(r[7])));
  const uint32_t first = four_settings(r), second = four_settings(r + 4);
  __asm__ volatile("csrw pmpcfg0, %0\n csrw pmpcfg1, %1\n"
                   :
                   : "r"(first), "r"(second)
                   : "memory");
}

}  // namespace shoal::protect
