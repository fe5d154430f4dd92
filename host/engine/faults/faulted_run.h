// Frames on virtual nodes that fail: the recovery of `serve`, in virtual time.
//
//   FaultedRun run = run_with_faults(graph, request, options);
//   run.frames[0].finished - run.frames[0].submitted ...
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/engine/common/fallback_plans.h"
#include "host/engine/faults/node_fault.h"
#include "host/engine/recovery/fallback_programs.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/virtual/simulate_cluster.h"
#include "host/model/graph/graph.h"
#include "host/plan/types/request.h"

namespace shoal {

class FaultWorld;

struct FaultedOptions {
  // `frames`, `input`, `output`, `warm_up` and `first_alone` as for
  // simulate_cluster(); of the rest what FaultWorld uses.
  SimOptions sim;
  std::vector<NodeFault> faults;
  // Sets the memory that nodes may use; may be empty.
  std::function<void(Cluster&)> set_budgets = {};
  // Told before each plan runs; may be empty.
  std::function<void(const Prepared&, const PlanRequest&)> planned = {};
  // Frames begin as far apart as this, at least.
  Nanos every = 0;
  // Virtual time from the first frame on after which a run fails.
  Nanos limit = 3600 * kSecond;
  // Frames of a sequence from one copy of its variables to the next; 0: a loss
  // ends it.
  uint16_t mirror_every = 0;
  // Plans of this graph that several runs share; null: the run has its own.
  std::shared_ptr<FallbackPlans> plans = nullptr;
  // Nodes keep programs for the loss of each single one of them.
  bool holds_fallbacks = true;
  // Told what happens, before the run has ended or failed; may be empty.
  std::function<void(const struct RunEvent&)> happened = {};
  // Adds endpoints of the caller to the world before anything runs; may be
  // empty.
  std::function<void(FaultWorld&)> beside = {};
};

// Something that happened, in the time of the run: from the first frame that
// counts on.
struct RunEvent {
  Nanos at = 0;
  std::string what;  // "fault", "loss", "repeat", "switch", "return", "wait"
  std::string text;
};

// The plan of an epoch, from that time of the world on.
struct EpochPlan {
  Nanos from = 0;
  Plan plan;
  std::vector<int> seats;  // the node of the world that each of its nodes is
};

struct FaultedRun {
  std::vector<FrameTime> frames;  // those that count
  std::vector<int> repeats;       // how often each was run again
  std::vector<RunEvent> events;
  std::vector<EpochPlan> plans;
  Nanos began = 0, ended = 0;  // in the world's time
  uint64_t world_events = 0;   // from the first frame that counts on
  uint64_t event_hash = 0;
  uint64_t lost = 0;  // datagrams
  FallbackPrograms::Summary fallbacks;
};

// Throws Error of the kind that ends a service: too few nodes are left, or all
// answer and the frames still fail; Error(kUsage) for faults of nodes that
// there are not.
FaultedRun run_with_faults(const Graph&, const PlanRequest&,
                           const FaultedOptions&);

}  // namespace shoal
