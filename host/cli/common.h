// Helpers that several verbs share: flags to options, inputs to bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/data/dataset/dataset.h"
#include "host/engine/common/prepare.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/request.h"

namespace shoal {

// A node without links, or the cluster that the flags ask for. Throws
// Error(kUsage) for what is unknown: a board, an objective, a size.
PlanRequest plan_request(const PlanFlags&);
// For nodes that may be known later only.
PlanRequest linked_request(const PlanFlags&, Cluster);
// For a board that QEMU plays; Error(kUsage) lists these.
PlanRequest emulated_request(const PlanFlags&);

// --ram and --max-arena: what each node may have at most, besides what it has.
// Throws Error(kUsage), also if there are no nodes yet.
void set_budgets(const PlanFlags&, Cluster&);

// --payload, of which links have at most `most`; without it the cluster's.
// Throws Error(kUsage).
uint32_t payload_of(const PlanFlags&, const Cluster&,
                    uint32_t most = kMostPayload);

// Returns whether the flags ask for a cluster, even of one node.
bool wants_cluster(const PlanFlags&);
// --nodes, --board and --ram, or --cluster. Throws Error(kUsage).
Cluster cluster_of(const PlanFlags&);
// Returns whether the nodes are processes or boards somewhere else.
bool has_addresses(const Cluster&);
// Requires nodes that keep weights in the arena's bank alone. Throws
// Error(kUsage).
void require_one_bank(const Cluster&, const std::string& who);

// Throws Error(kUsage) without a model (or a built store in its place), or
// without what is run through it.
void require_operands(const char* verb, const std::string& model,
                      const PlanFlags&, const char* name,
                      const std::string& operand);

// Throws Error(kUsage) for numbers that are no mean or deviation of pixels.
InputOptions input_options(const PictureFlags&);

// The bytes of all inputs in the file's types: a file as file_input() has it,
// "random:SEED" (random_input.h); "-" is stdin, raw if it has the size.
std::vector<uint8_t> load_input(const Graph&, const std::string& path,
                                const InputOptions&);
// The same of bytes that no name tells the kind of: raw if they have the size,
// else what they begin like.
std::vector<uint8_t> unnamed_input(const Graph&, const std::string& name,
                                   std::span<const uint8_t>,
                                   const InputOptions&, InputRemarks&);
// Says on stderr what people may want to know of a file that was taken.
void tell_remarks(const InputRemarks&);
void tell_note(const Dataset&, const Graph&);
// Under --verbose: what the plan is and where it comes from.
void tell_plan(const Prepared&, const PlanRequest&);

}  // namespace shoal
