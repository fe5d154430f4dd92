// The links of virtual nodes and the costs of their datagrams: those of their
// boards, as far as the options do not say otherwise.
#pragma once

#include "host/board/board.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/world/network.h"
#include "host/world/world.h"

namespace shoal {

LinkModel link_of(const Board&, const SimOptions&);
// These are for a node with links.
PortCosts costs_of(const Board&, const SimOptions&);

}  // namespace shoal
