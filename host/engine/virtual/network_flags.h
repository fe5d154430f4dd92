// The simulated network, as a person writes it: 10%, 1ms, 100M, radio.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/engine/virtual/simulate_cluster.h"

namespace shoal {

// The flags of verbs that can run in virtual time; empty: not given.
struct NetworkFlags {
  std::string loss{}, duplicate{}, reorder{};  // 10% or 0.1
  std::string jitter{}, latency{};             // 1ms, 60us, 2s
  std::string rate{};                          // bits a second: 100M, 250K, 1G
  std::string network{};                       // switch or radio
  std::string power_loss{};                    // NODE@TIME: 1@5ms
  std::optional<uint64_t> seed{};
  // Bytes of a datagram on the wire besides; 6 for a serial line.
  std::optional<int> framing{};
};

// Throws Error(kUsage) naming the flag and what it may be.
void apply(const NetworkFlags&, SimOptions&);
}  // namespace shoal
