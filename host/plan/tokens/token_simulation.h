// Token simulation of a plan: does it complete? What completes in one order
// completes in every order (a Kahn process network with bounded buffers), so
// one run proves that no timing can block the plan.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/plan/tokens/tokens.h"
#include "host/plan/types/plan.h"

namespace shoal {

enum class FiringOrder : uint8_t { kDeepest, kShallowest, kRandom };

struct SimulateOptions {
  FiringOrder order = FiringOrder::kDeepest;
  uint32_t seed = 1;  // kRandom
  int frames = 2;
};

struct StageSimulation {
  std::vector<int> peak_rows;    // by buffer
  std::vector<int64_t> firings;  // by actor, of all frames
};

struct Simulation {
  bool completed = false;
  int segment = -1;                  // where it stopped
  std::vector<std::string> blocked;  // processes that could not go on
  std::vector<StageSimulation> stages;
};

// Simulates with a caller that pushes and takes whenever possible. Of a linked
// plan the nodes are all in the same segment, which is one of the orders in
// which they may run: streams tie only stages of one segment, so a node that is
// ahead waits only for nodes that will come. Then `stages` has a segment's
// buffers and actors, node after node.
Simulation simulate(const Net&, const Plan&, const SimulateOptions& = {});

// Fires until nothing can, processes with the highest rank first; true if all
// are done then. `before` sees every process just before it fires, and how
// often it does so in a row.
bool run_by_rank(StageTokens&, const std::vector<int>& rank,
                 const std::function<void(int, int)>& before = {});
// Does the same while `before` permits it; returns false if it did not to the
// end.
bool run_by_rank_while(StageTokens&, const std::vector<int>& rank,
                       const std::function<bool(int, int)>& before);
// Inputs first, then actors in their order, streams, outputs.
std::vector<int> depth_ranks(const StageTokens&);

}  // namespace shoal
