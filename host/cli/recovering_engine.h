// Workers as an engine that outlives them: when a node is lost, the others get
// a plan without it, and the frames that were under way are run again from
// their inputs. So each frame has the bytes that it would have had.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/worker_cluster.h"
#include "host/engine/common/fallback_plans.h"
#include "host/engine/engine.h"
#include "host/engine/workers/workers_engine.h"

namespace shoal {

class RecoveringEngine final : public Engine {
 public:
  // Connects and plans. `replans`: frames go on without a node that is lost;
  // else the loss ends them with an error that names the frame, as it does
  // where the model keeps variables, which are lost with the node.
  RecoveringEngine(WorkerCluster&, Graph, bool replans);

  const Graph& graph() const override { return graph_; }
  void stream(const Next&, const Take&) override;
  EngineReport report() const override;

 private:
  // Returns whether frames that were under way can be run again.
  bool repeats() const { return replans_ && !keeps_variables(); }
  void open();
  void stream_on(const Next&, const Take&);
  void recover(const Error& why, int node);
  // Returns whether the others have been opened; else `said` and `node` are of
  // the next loss.
  bool open_without(std::string& said, int& node);

  WorkerCluster& workers_;
  const Graph graph_;
  const bool replans_;
  std::unique_ptr<WorkersEngine> engine_;
  std::optional<FallbackPlans> fallbacks_;
  std::deque<Bytes> under_way_;  // inputs without an answer, in order
  size_t given_ = 0;             // of them, to the engine
  int64_t frames_ = 0;           // that have their answer
  std::vector<std::string> losses_;
  double seconds_ = 0;  // from first inputs to last answers, losses included
};

}  // namespace shoal
