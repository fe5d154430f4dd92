// Physical memory protection of a RISC-V CPU: what a node may touch, machine
// mode included. It makes the SRAM of a board a limit that hardware enforces.
#pragma once

#include <cstdint>

namespace shoal::protect {

inline constexpr uint8_t kNothing = 0, kRead = 1, kWrite = 2, kExecute = 4;

// `bytes` is a power of two of 8 and more, `base` a multiple of it; no bytes:
// the whole address space.
struct Region {
  uint32_t base, bytes;
  uint8_t access;
};

inline constexpr int kRegions = 8;

// Until the next reset. The first that has an address decides.
void lock(const Region (&)[kRegions]);

}  // namespace shoal::protect

namespace shoal {
// The board defines the regions that it touches besides flash and SRAM.
#if defined(SHOAL_TWO_CORES)
inline constexpr int kBoardRegions = 4;
#else
inline constexpr int kBoardRegions = 3;
#endif
extern const protect::Region board_regions[kBoardRegions];
}  // namespace shoal
