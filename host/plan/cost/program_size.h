// The flash that the programs of a plan take, before they are written.
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

// Returns, by node of a built plan, the bytes that host/program/emit writes as
// the program part. It may return more but never less, because equal chunks of
// layers not known to have the same weights (Layer::weights_of) count each.
std::vector<ProgramSize> program_sizes(const Net&, const Plan&);

// Returns, by node, the bytes of its program beyond the flash that it may take;
// 0 where it fits or is not mapped.
std::vector<int64_t> beyond_flash(const Cluster&, const Plan&,
                                  const std::vector<ProgramSize>&);
// Returns whether the program of any node exceeds its flash.
bool exceeds_flash(const Net&, const Cluster&, const Plan&);

}  // namespace shoal
