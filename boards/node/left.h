// What a node leaves for its next start where a reset clears nothing: why it
// fell, in its arena, and a seed, in a mapped storage, which keeps none without
// power. After a loss of power there is anything. Each is there once.
#pragma once

#include <cstdint>

namespace shoal::left {

struct FallLeft {
  uint32_t why = 0;  // a shoal::Fall of device/agent/session_wire.h
  uint32_t at = 0;   // where; 0: not known
};
template <class T>
struct Note {
  uint32_t magic;
  T what;
  uint32_t crc;  // CRC-32C of what is before it
};
struct SeedLeft {
  uint8_t bytes[32];
};
using FallNote = Note<FallLeft>;
using SeedNote = Note<SeedLeft>;

// Nothing was left: `why` is 0.
FallLeft take_fall(FallNote&);
void leave_fall(FallNote&, const FallLeft&);

// False, and `seed` as it was: nothing was left.
bool take_seed(SeedNote&, uint8_t (&seed)[32]);
void leave_seed(SeedNote&, const uint8_t (&seed)[32]);

}  // namespace shoal::left
