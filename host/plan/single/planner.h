// Finds a plan for one node: where to cut the layers into stages, how high
// the bands are, which rows each buffer keeps and where everything lies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "host/board/board.h"
#include "host/plan/types/plan.h"

namespace shoal {

enum class Objective : uint8_t { kLatency, kRam };

struct PlanOptions {
  const Board* board = nullptr;  // required
  std::optional<int64_t> ram;    // arena bytes, a hard budget
  std::string strategy = "single";
  Objective objective = Objective::kLatency;
  std::optional<int64_t> flash;  // most weight bytes to execute in place
  std::string storage;           // of board.storages; empty: its first
  bool sealed = false;           // encrypted storage: more to do for the core
  int64_t max_writes = 0;        // bytes that a frame may spill
  double years = 0, fps = 0;     // the storage must live so long with spills
                                 // of so many frames a second; 0: any time
  int batch = 1;                 // frames of the model in one: prepare() plans
                                 // the batch_net() of host/lower/batch.h
};

// kLatency: the least modelled time within the budget (--ram, or what the
// board has). kRam: the smallest arena. Throws Error(kDoesNotFit) with the
// layer, the bytes it needs and the smallest budget that would do;
// Error(kUsage) for an unknown strategy.
Plan make_plan(const Net&, const PlanOptions&);

}  // namespace shoal
