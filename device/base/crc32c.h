// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78), for chaining: the
// result over a part is the start of the next one; the first start is 0.
#pragma once

#include <cstdint>

namespace shoal {

uint32_t crc32c(uint32_t start, const uint8_t* bytes, uint32_t count);

// These are the implementations that it chooses from: portable code with a
// table of 1 KB, which reads words, and x86's own instruction.
uint32_t crc32c_portable(uint32_t start, const uint8_t* bytes, uint32_t count);
#if defined(__x86_64__)
bool has_sse42();
uint32_t crc32c_sse42(uint32_t start, const uint8_t* bytes, uint32_t count);
#endif

}  // namespace shoal
