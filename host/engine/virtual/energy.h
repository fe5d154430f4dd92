// The work of a node in virtual time in a frame, for the energy that it draws.
#pragma once

#include <optional>

#include "host/engine/virtual/simulate_cluster.h"
#include "host/engine/virtual/virtual_node.h"
#include "host/plan/cost/energy.h"

namespace shoal {

// Returns the load of a node alone that counted one frame of `seconds`.
FrameLoad frame_load(const NodeCounts&, double seconds);

// Returns the energy of all nodes for the first of `frames` frames, which
// begins when the cluster is idle; what is counted over all frames is their
// mean. None: a board has no figures.
std::optional<double> cluster_energy_j(const SimResult&, const Plan&,
                                       const Cluster&, int frames);

}  // namespace shoal
