// The cost of a board's link and its datagrams for an endpoint of a world.
#pragma once

#include <vector>

#include "host/board/board.h"
#include "host/world/world.h"

namespace shoal {

LinkModel board_link(const Board&);
// A step that does something and costs nothing else takes a firing's time.
PortCosts board_port(const Board&, bool encrypted);

// Returns the coordinator's: a computer as fast as need be, at the best link of
// the cluster (most bits a second, least latency and framing), with room for
// what it sends to many nodes at once.
LinkModel coordinator_link(const std::vector<LinkModel>& nodes);

}  // namespace shoal
