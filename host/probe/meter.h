// The reading of a node's own counter (MeterAnswer, device/agent), checked, and
// what follows from it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace shoal {

struct MeterReading {
  std::string counter, kernels;  // empty: none; not said
  double counter_hz = 0;         // 0: cycles of the CPU
  int64_t firings = 0;
  double ticks = 0, us = 0;

  // A counter that has counted while the node computed.
  bool counts() const { return !counter.empty() && ticks > 0; }
  // That is there and has not: DWT in QEMU.
  bool stands_still() const { return !counter.empty() && ticks == 0; }
  bool counts_cycles() const { return counts() && counter_hz == 0; }
  // By the counter if it has a rate, else by the clock.
  double seconds() const;
};

// Nothing if it makes no sense: another size, names that are none, more time
// than anybody would have waited.
std::optional<MeterReading> parse_meter(std::span<const uint8_t> answer);

}  // namespace shoal
