// What several verbs share: flags to options, inputs to bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/data/image/picture.h"
#include "host/engine/local/prepare.h"
#include "host/model/graph/graph.h"
#include "host/plan/single/planner.h"
#include "host/plan/types/cluster.h"

namespace shoal {

// Throws Error(kUsage) for an unknown board, objective or size.
PlanOptions plan_options(const PlanFlags&);

// Throws Error(kUsage) for the first flag of `run` that says how to plan or
// which nodes run; the board is not one of them. `why` follows its name.
void refuse_planning(const RunFlags&, const std::string& why,
                     const std::string& fix);

// Whether the flags ask for a cluster, be it of one node.
bool wants_cluster(const PlanFlags&);
// --nodes, --board and --ram, or --cluster. Throws Error(kUsage).
Cluster cluster_of(const PlanFlags&);
// Whether the nodes are processes or boards somewhere else.
bool has_addresses(const Cluster&);
// How to cut for a cluster; without a strategy spatial.
PrepareSplit split_options(const PlanFlags&);
// The same for virtual nodes, whose datagrams may be smaller.
PrepareSplit split_options(const PlanFlags&, const SimOptions&);

// The same for a board that QEMU plays; Error(kUsage) lists these.
PlanOptions emulated_options(const PlanFlags&);

// None if both are empty.
std::optional<Normalization> normalization(const std::vector<float>& mean,
                                           const std::vector<float>& deviation);

// The bytes of all inputs in the file's types: a `.bin` file as it is (its
// size is checked), "random:SEED" (random_input.h), everything else as a
// picture; "-" is stdin, raw if it has the size.
std::vector<uint8_t> load_input(const Graph&, const std::string& path,
                                const std::optional<Normalization>&);

}  // namespace shoal
