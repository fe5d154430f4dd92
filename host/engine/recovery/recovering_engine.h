// Workers as an engine that outlives them: when a node is lost, the others get
// a plan without it, or a spare has its place, and the frames that were under
// way are run again from their inputs. So each frame has the bytes that it
// would have had. While it serves, nodes that come back are taken in between
// two frames. Plans for the loss of each node are made beside the frames; when
// they are there, the nodes are sent their programs, between two frames too
// (fallback_programs.h).
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "host/engine/common/fallback_plans.h"
#include "host/engine/engine.h"
#include "host/engine/frame_source.h"
#include "host/engine/recovery/fallback_programs.h"
#include "host/engine/recovery/worker_cluster.h"
#include "host/engine/workers/workers_engine.h"

namespace shoal {

enum class OnLoss : uint8_t {
  kFail,    // an error names the frame
  kReplan,  // the others go on
  kWait,    // all go on when the node is back
};
OnLoss on_loss_of(const std::string& name);

class RecoveringEngine final : public Engine {
 public:
  // Connects and plans. A loss ends frames of a model that keeps variables,
  // which are lost with the node, whatever `on_loss` says. `serves`: begins
  // without the nodes that are not there, and takes them in when they are.
  // `plans`: of the same graph, for runs that share them.
  RecoveringEngine(WorkerCluster&, Graph, OnLoss on_loss, bool serves,
                   std::shared_ptr<FallbackPlans> plans = nullptr);
  ~RecoveringEngine() override;

  const Graph& graph() const override { return graph_; }
  void stream(const Next&, const Take&) override;
  void serve(FrameSource&, const Take&) override;
  EngineReport report() const override;
  const FallbackPrograms::Summary& fallbacks() const {
    return programs_.summary();
  }

 private:
  class Gate;
  static constexpr uint64_t kLookForNodesUs = 50'000;
  // Frames that wait let programs for losses wait so long.
  static constexpr uint64_t kSendWithinUs = 5'000'000;
  // Frames that wait since a loss let a search take so long.
  static constexpr double kHasteSeconds = 1;

  // Returns whether frames that were under way can be run again.
  bool repeats() const {
    return on_loss_ != OnLoss::kFail && !keeps_variables();
  }
  void open();
  void find_plan();
  Prepared search();
  // Makes plans for losses, or sends the programs of those that are there.
  void prepare_for_losses();
  void send(const Fallbacks&);
  // Returns whether the epoch should end, because programs can be sent.
  bool has_programs_to_send(bool is_idle);
  // The nodes of this epoch have begun to run.
  void began();
  bool stream_on(const Next&, const Take&);
  // Goes on without the node; returns why that cannot be.
  std::optional<Error> recover(const Error& why, int node);
  std::optional<Error> replan(std::string said, int node);
  void wait_for_return(const std::string& said, int node);
  // Returns how many nodes go on.
  size_t leave_out(const std::string& said, int node);
  std::optional<uint64_t> spare() const;
  std::string lost_text(const std::string& said) const;

  // Each throws what ends the service, after the frames without an answer have
  // been reported.
  void go_on_after(const Error&, FrameSource&);
  void wait_for_nodes(const Error& why, FrameSource&);
  void take_in(uint64_t address);
  void look_for_absent();
  void note(const std::string& event);
  void complete(ClusterStatus&) const;

  WorkerCluster& workers_;
  const Graph graph_;
  const OnLoss on_loss_;
  const bool serves_;
  std::shared_ptr<FallbackPlans> plans_;
  FallbackPrograms programs_;
  std::optional<uint64_t> made_us_;  // when the plans were seen to be there
  bool may_lack_ = false;            // programs, in this epoch
  std::shared_ptr<const Prepared> prepared_;
  std::string prepared_key_;  // of its request
  bool in_haste_ = false;     // so it was sought, and there is a better one
  std::unique_ptr<WorkersEngine> engine_;
  FrameSource* source_ = nullptr;    // while it serves
  std::deque<Bytes> under_way_;      // inputs without an answer, in order
  size_t given_ = 0;                 // of them, to the engine
  int64_t frames_ = 0;               // that have their answer
  bool has_begun_ = false;           // this epoch
  int64_t epochs_ = 0;               // that have begun
  std::optional<uint64_t> loss_us_;  // when one was seen that is not made good
  int failures_ = 0;    // without the loss of a node, since an answer
  double seconds_ = 0;  // from first inputs to last answers, losses included
};

}  // namespace shoal
