// Simulates a plan with tokens: does it complete? A plan that completes in one
// order completes in every order (it is a Kahn process network with bounded
// buffers), so one run proves that no timing can block it.
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

// Simulates with a caller that pushes and takes whenever it can. The nodes of a
// linked plan are all in the same segment at a time. That is one of the orders
// in which they may run: streams tie only stages of one segment, so a node that
// is ahead waits only for nodes that will come. `stages` then has the buffers
// and actors of a segment, node after node.
Simulation simulate(const Net&, const Plan&, const SimulateOptions& = {});

// Fires until nothing can, processes with the highest rank first. Returns
// whether all are done then. `before` is called with each process just before
// it fires, and with how often it fires in a row.
bool run_by_rank(StageTokens&, const std::vector<int>& rank,
                 const std::function<void(int, int)>& before = {});
// Returns ranks: inputs first, then actors in their order, streams, outputs.
std::vector<int> depth_ranks(const StageTokens&);

}  // namespace shoal
