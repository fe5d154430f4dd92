// How much flash the programs of a plan take, before they are written.
#pragma once

#include <cstdint>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct ProgramSize {
  int64_t tables = 0;   // head and records of stages
  int64_t weights = 0;  // chunks of the program part, with tags and padding
  int64_t bytes() const { return tables + weights; }
};

// For each node of a built plan, the bytes that host/program/emit writes as the
// program part. Equal chunks of layers that are not known to have the same
// weights (Layer::weights_of) count each, so it may be more, never less.
std::vector<ProgramSize> program_sizes(const Net&, const Plan&);

// By node: bytes of its program beyond the flash that it may take, 0 where it
// fits or is not mapped.
std::vector<int64_t> beyond_flash(const Cluster&, const Plan&,
                                  const std::vector<ProgramSize>&);

}  // namespace shoal
