// Why a node fell, left for its next start at the end of its arena, which a
// reset does not clear. After a loss of power there is anything.
#pragma once

#include <cstdint>

namespace shoal::left {

struct FallLeft {
  uint32_t why = 0;  // a shoal::Fall of device/agent/session_wire.h
  uint32_t at = 0;   // where; 0: not known
};
struct FallNote {
  uint32_t magic;
  FallLeft what;
  uint32_t crc;  // CRC-32C of what is before it
};

// Returns what the start before has left; `why` is 0 if there is nothing.
FallLeft read_fall(const FallNote&);
void forget_fall(FallNote&);
void leave_fall(FallNote&, const FallLeft&);

}  // namespace shoal::left
