// Another node in the coordinator's place: it gets what it needs to start
// frames (leader_image.h), the nodes are started, and this computer is no
// longer needed.
#pragma once

#include <cstdint>
#include <vector>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/workers/transport.h"

namespace shoal {

// A coordinator of that node alone, and its transport.
struct Successor {
  Coordinator& coordinator;
  const HostTransport& transport;
  uint64_t address = 0;  // as the other nodes reach it
};

// Deploys, hands `image` over, starts the nodes and then the successor. Throws
// Error(kNode) naming the node that refuses. On a signal nodes that have not
// started are told to stop.
void hand_over(Coordinator&, const HostTransport&, const Prepared&,
               const Successor&, const std::vector<uint8_t>& image);

}  // namespace shoal
