// The figures of a plan that stand in no table of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/plan/types/replicas.h"
#include "host/plan/types/request.h"

namespace shoal {

// The figures of one frame, also where several are a batch.
struct PlanFigures {
  double frames_per_s = 0;
  // For that: 1 if a frame begins when the one before it has ended. A batch
  // counts as one.
  uint32_t frames_under_way = 1;
  // The energy that cores and storages draw; none: a board has no figures.
  std::optional<double> energy_j = {};
  bool has_network = false;  // which draws more, that nobody has measured
  // The replicas that the plan is compared with; none: it was not asked for, or
  // is not known.
  std::optional<Replicas> replicas = {};
};

// Returns the rate of all nodes that each run whole frames; 0 if none has room.
double frames_per_s(const Replicas&);
// Returns the latency of the slowest, and the arena of the largest.
double latency_s(const Replicas&);
int64_t arena_bytes(const Replicas&);

// Returns the figures that the objective is about; empty if tables say them.
std::string figures_text(Objective, const PlanFigures&);

}  // namespace shoal
