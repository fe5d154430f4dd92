// The figures of a plan that its tables do not have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/types/request.h"

namespace shoal {

// The figures of a node that computes whole frames, which come over its link,
// as a worker of `serve --replicas` does.
struct Replica {
  std::string node;
  double latency_s = 0;  // of one frame
  double period_s = 0;   // from frame to frame, if the next one is there
  double wire_s = 0;     // for which a frame takes the coordinator's port
  int64_t arena_bytes = 0;
};

struct Replicas {
  std::vector<Replica> nodes;             // that a whole network fits
  std::vector<std::string> does_not_fit;  // the others
};

// The figures of one frame, also if several are a batch.
struct PlanFigures {
  double frames_per_s = 0;
  // The frames under way at this rate; 1: a frame begins when the one before it
  // has ended. A batch counts as one.
  uint32_t frames_under_way = 1;
  // The energy that cores and storages draw; none: a board has no figures.
  std::optional<double> energy_j = {};
  bool has_network = false;  // draws more, which is not measured
  // The replicas that the plan is compared with; none: not requested, or not
  // known.
  std::optional<Replicas> replicas = {};
};

// Returns the rate of all nodes that each run whole frames; 0 if none has room.
double frames_per_s(const Replicas&);
// Return the latency of the slowest node, and the largest arena.
double latency_s(const Replicas&);
int64_t arena_bytes(const Replicas&);

// Returns the figures that the objective is about; empty if tables have them.
std::string figures_text(Objective, const PlanFigures&);

}  // namespace shoal
