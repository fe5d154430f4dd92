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

  // Returns whether there is a counter that has counted while the node
  // computed.
  bool counts() const { return !counter.empty() && ticks > 0; }
  // Returns whether there is a counter that has not, like DWT in QEMU.
  bool stands_still() const { return !counter.empty() && ticks == 0; }
  bool counts_cycles() const { return counts() && counter_hz == 0; }
  // Returns the time by the counter if it has a rate, else by the clock.
  double seconds() const;
};

// Returns nothing if the bytes make no sense: another size, impossible names,
// more time than a run can have taken.
std::optional<MeterReading> parse_meter(std::span<const uint8_t> answer);

}  // namespace shoal
