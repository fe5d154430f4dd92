// The checker's parts, in the order in which check() asks them. Each adds what
// it finds; a part may rely on those before it having found nothing.
#pragma once

#include <cstdint>

#include "host/check/findings.h"
#include "host/check/instances.h"
#include "host/plan/types/plan.h"

namespace shoal {

// The alignment of regions of the arena, of records and of chunks; and the
// bytes of a tag.
inline constexpr uint32_t kAlignment = 16, kTag = 16;
constexpr uint64_t aligned(uint64_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

// Indices, ports and their owners, boxes inside buffers inside tensors, flags.
void check_structure(const Net&, const Plan&, const PlanNode&, Findings&);
// Checks streams, their ends and the peers: which node is linked to which.
void check_links(const Plan&, Findings&);
// Bands, parts, private sums, chunks, loops: what an actor alone can have
// wrong.
void check_actors(const Net&, const PlanNode&, Findings&);
// Pages of spills: what was written, once, is what is read.
void check_spills(const PlanNode&, Findings&);
// Checks variables, which are kept from frame to frame: read in one copy,
// assigned in the other.
void check_variables(const Net&, const PlanNode&, Findings&);
// Every element of the first `layers` layers made (in a plan of one node:
// once), from what the layer reads; inputs and outputs connected once; what is
// read has been written. One Instances per node.
void check_coverage(const Net&, int layers, const Plan&,
                    const std::vector<Instances>&, Findings&);
// Lifetimes, overlaps, fixed regions, arena sizes.
void check_memory(const Net&, const Plan&, int node, const Instances&,
                  Findings&);
// Two frames back to back, in several orders or in the recorded one, on all
// nodes at once.
void check_completion(const Net&, const Plan&, const std::vector<Instances>&,
                      Findings&);
// Sums that a plan states about itself.
void check_statistics(const Net&, const Plan&, Findings&);

}  // namespace shoal
