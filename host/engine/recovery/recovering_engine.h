// Workers as an engine that outlives them: when a node is lost, the others get
// a plan without it, or a spare has its place, and the frames that were under
// way are run again from their inputs. So each frame has the bytes that it
// would have had. While it serves, nodes that come back are taken in between
// two frames. Plans for the loss of each node are made beside the frames; when
// they are there, the nodes are sent their programs, between two frames too
// (fallback_programs.h).
//
// Frames of a model that keeps variables are a sequence, which ends with the
// loss of a node, or goes on from a copy of the variables
// (coordinator/sequence_mirror.h): the frames since that copy are run again,
// and those that had their answers give none.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "host/engine/common/fallback_plans.h"
#include "host/engine/engine.h"
#include "host/engine/frame_source.h"
#include "host/engine/recovery/fallback_programs.h"
#include "host/engine/recovery/peer_mirror.h"
#include "host/engine/recovery/sequence_file.h"
#include "host/engine/recovery/spare_programs.h"
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
  // Connects and plans. `serves`: begins without the nodes that are not there,
  // and takes them in when they are. `mirror_every`: frames of a sequence from
  // one copy of its variables to the next; 0: none, and a loss ends it,
  // whatever `on_loss` says. `plans`: of the same graph, for runs that share
  // them. `model`: the checksum of its file, if nodes are to keep the sequence.
  RecoveringEngine(WorkerCluster&, Graph, OnLoss on_loss, bool serves,
                   uint16_t mirror_every = 0,
                   std::shared_ptr<FallbackPlans> plans = nullptr,
                   const std::string& model = {});
  ~RecoveringEngine() override;

  // Before the first frame: the sequence that is served goes on with that of
  // the file, and is kept there. `model`: the checksum of its file.
  void keep_in(const std::string& path, const std::string& model,
               const LockRequest&);
  // The same for the sequence that its nodes keep: it goes on there.
  void keep_at_peers();

  const Graph& graph() const override { return graph_; }
  std::optional<int64_t> sequence_frames() const override {
    return mirror_ ? std::optional(frames_) : std::nullopt;
  }
  void stream(const Next&, const Take&) override;
  void serve(FrameSource&, const Take&) override;
  EngineReport report() const override;
  const FallbackPrograms::Summary& fallbacks() const {
    return programs_.summary();
  }

 private:
  class Gate;
  static constexpr std::string_view kNoneLeft = "; no node is left";
  static constexpr uint64_t kLookForNodesUs = 50'000;
  static constexpr size_t kMostUntold = 4;
  // Frames that wait let programs for losses wait so long.
  static constexpr uint64_t kSendWithinUs = 5'000'000;
  // Frames wait so long in silence for a node that another coordinator has.
  static constexpr double kLongestStallS = 1;
  // Frames that wait since a loss let a search take so long.
  static constexpr double kHasteSeconds = 1;

  // Returns whether the frames depend on each other, and nothing is left of
  // them with a node.
  bool ends_with_a_node() const { return keeps_variables() && !mirror_; }
  // Returns whether frames that were under way can be run again.
  bool repeats() const {
    return on_loss_ != OnLoss::kFail && !ends_with_a_node();
  }
  void open();
  std::string sequence_key(const std::string& model, const Net&) const;
  void go_on_with(KnownSequence, const std::string& where);
  void find_at_peers();
  void copy_to_peers();
  void find_plan();
  Prepared search();
  // Makes plans for losses, or sends the programs of those that are there.
  void prepare_for_losses();
  void send(const Fallbacks&);
  // Returns whether the epoch should end, because programs can be sent.
  bool has_programs_to_send(bool is_idle);
  // The nodes of this epoch have begun to run.
  void began();
  void tell_of_switch();
  bool stream_on(const Next&, const Take&);
  // Frames are given from the oldest input on that is kept.
  void begin_again();
  void answered(const Answer&, const Take&);
  // The copy of the variables covers these frames of the sequence.
  void renewed(int64_t frames);
  // Returns the next frame of the source that is not in the sequence already.
  // One that is has its answer, which comes once more.
  std::optional<SequenceFrame> next_new(FrameSource&, const Take&);
  // The error of a loss that the sequence does not survive here.
  Error sequence_ends(const Error& why) const;
  bool is_idle() const { return answered_ == inputs_.size(); }
  // Goes on without the node; returns why that cannot be.
  std::optional<Error> recover(const Error& why, int node);
  std::optional<Error> replan(std::string said, int node);
  void wait_for_return(const std::string& said, int node);
  // Returns how many nodes go on.
  size_t leave_out(const std::string& said, int node);
  std::optional<uint64_t> spare() const;
  static std::string nodes_text(int count);
  std::string lost_text(const std::string& said) const;
  static std::string frame_text(const std::string& what, int64_t frame);

  // Each throws what ends the service, after the frames without an answer have
  // been reported.
  void go_on_after(const Error&, FrameSource&);
  void go_on_without(const Error&, FrameSource&);
  // Returns whether the nodes cannot be connected for now, because another
  // coordinator has one of them.
  bool is_held(const Error&) const;
  void wait_for_holder(const Error&, FrameSource&);
  void wait_for_nodes(const Error& why, FrameSource&);
  void begin_without_nodes(FrameSource&);
  bool opens();
  // Returns whether the nodes that are left cannot hold this model, while
  // others of the service may go on: its frames have failed.
  bool fails_alone(const Error&, FrameSource&);
  // No node runs, whichever of them are there. `why`: frames wait for it.
  void tell_idle(FrameSource&, const std::string& why = {}) const;
  void take_in(uint64_t address);
  void look_for_absent();
  // Returns whether a node that is there may be taken in: the one that it did
  // not reach, if it was lost so, gets an answer from it.
  bool reaches_others(uint64_t address);
  // Has spares take the programs of the plan in force.
  void prepare_spares();
  void tell_of_spares();
  void note(const std::string& event);
  void complete(ClusterStatus&) const;

  WorkerCluster& workers_;
  const Graph graph_;
  const OnLoss on_loss_;
  const bool serves_;
  std::shared_ptr<FallbackPlans> plans_;
  FallbackPrograms programs_;
  std::optional<SparePrograms> spares_;
  std::map<uint64_t, uint64_t> cut_;  // lost nodes, and whom they did not reach
  std::optional<uint64_t> made_us_;   // when the plans were seen to be there
  bool may_lack_ = false;             // programs, in this epoch
  std::vector<std::string> untold_;   // events that nodes have not been told
  std::optional<Error> stuck_;        // why it could not open at first
  std::shared_ptr<const Prepared> prepared_;
  std::string prepared_key_;  // of its request
  bool in_haste_ = false;     // so it was sought, and there is a better one
  std::unique_ptr<WorkersEngine> engine_;
  FrameSource* source_ = nullptr;  // while it serves
  // Inputs of frames without an answer, in order; of a sequence all since the
  // copy of its variables.
  std::deque<SequenceFrame> inputs_;
  size_t given_ = 0;      // of them, to the engine in this epoch
  size_t answered_ = 0;   // of them
  size_t again_ = 0;      // answers that come once more
  int64_t covered_ = 0;   // frames of the sequence before them
  int64_t repeated_ = 0;  // answers that have come once more
  int64_t frames_ = 0;    // that have their answer
  std::optional<SequenceMirror> mirror_;
  std::unique_ptr<SequenceFile> file_;  // of it
  std::unique_ptr<PeerMirror> peers_;   // that keep it
  std::string peer_key_;                // of it there; empty: nowhere
  int64_t peer_bytes_ = 0;
  struct KnownAnswer {
    int64_t frame;
    Bytes output;  // when the frame was run again
  };
  // By kept_file(): of frames of the file that their sender gives once more.
  std::map<std::string, KnownAnswer> known_;
  std::string held_;  // one of them, which it gave while others were under way
  bool has_begun_ = false;           // this epoch
  int64_t epochs_ = 0;               // that have begun
  std::optional<uint64_t> loss_us_;  // when one was seen that is not made good
  double stall_s_ = kLongestStallS;  // 0: clients have been told
  int failures_ = 0;    // without the loss of a node, since an answer
  double seconds_ = 0;  // from first inputs to last answers, losses included
};

}  // namespace shoal
