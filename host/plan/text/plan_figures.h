// What a plan comes to, in figures that stand in no table of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/plan/types/replicas.h"
#include "host/plan/types/request.h"

namespace shoal {

// Of one frame, also where several are a batch.
struct PlanFigures {
  double frames_per_s = 0;
  // For that: 1 if a frame begins when the one before it has ended. A batch
  // counts as one.
  uint32_t frames_under_way = 1;
  std::optional<double> energy_j = {};  // none: a board has no figures
  // What this is compared with; none: nobody has asked, or nobody knows.
  std::optional<Replicas> replicas = {};
};

// Of all nodes for themselves; 0 if none has room.
double frames_per_s(const Replicas&);
// Of the slowest, and the largest.
double latency_s(const Replicas&);
int64_t arena_bytes(const Replicas&);

// What the objective is about; empty if tables say it.
std::string figures_text(Objective, const PlanFigures&);

}  // namespace shoal
