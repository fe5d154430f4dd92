// The cost of a handshake with identities for a node (device/agent/noise.h), in
// `shoal bench-node`: from a coordinator's second hello to the keys of the
// session. Host and firmware run the same code, each with its own X25519.
#pragma once

#include <cstdint>

#include "boards/bench/measure.h"
#include "device/agent/diffie_hellman.h"

namespace shoal {

struct BenchHandshakeResult {
  uint64_t ticks;
  uint32_t checksum;  // CRC-32 of the node's message and keys; 0: none
};
BenchHandshakeResult measure_handshake(const DiffieHellman&, const BenchClock&);

}  // namespace shoal
