// A node in a rehearsal: the tokens of its stages and their storage take the
// place of a runtime, whose steps it follows one by one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/cost/rehearsed_link.h"
#include "host/plan/tokens/tokens.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/stream_table.h"

namespace shoal {

// The second frame counts, as in virtual time. During the first one credit is
// still under way, and round trips are not known yet.
inline constexpr uint32_t kCountedFrame = 1;
// Bytes of the coordinator's request to start, and of replies
// (spec/datagrams.md).
inline constexpr uint32_t kStartBytes = 40, kReplyBytes = 36;

// A stage as its node plays it, frame after frame.
struct RehearsedStage {
  RehearsedStage(const Net&, const PlanNode&, const PlanStage&, const Supply&,
                 StageLinks);
  int process(size_t stream) const {
    return tokens.process_of(links.streams[stream].port);
  }

  const PlanStage& plan;
  const int64_t record_bytes;  // read on entry; 0: none
  StageLinks links;
  StageTokens tokens;
  std::unique_ptr<StageFeed> feed;
  std::vector<uint32_t> row_bytes, frame_bytes;  // by stream
  std::vector<uint16_t> stream_of;               // by target
  std::vector<int> stream_at;                    // by process; -1: none
  uint16_t first_stream = 0, first_target = 0;
};

class RehearsedNode final : public RehearsedLink {
 public:
  RehearsedNode(Port& port, uint32_t max_payload)
      : RehearsedLink(port, max_payload) {}

  // Net, plan and what the supply refers to must outlive this object.
  void load(const Net&, const Plan&, int number, const std::vector<StreamEdge>&,
            const Supply&, const LinkCounts&);
  bool has_part() const { return !stages_.empty(); }
  // Returns times of the counted frame by stage. The node may not know yet that
  // its last rows have arrived.
  const std::vector<PortTimes>& times();

  uint64_t next_timer_us() const override;
  bool step() override;
  void settle() override;

 private:
  void talk(uint64_t from, uint32_t bytes) override;
  uint32_t ready(uint16_t target) const override { return ready_[target]; }
  uint32_t limit(uint16_t i) const override { return limits_[i]; }
  void released(uint16_t target, uint32_t offset) override;
  void arrived(uint16_t i, uint32_t offset) override;

  RehearsedStage& at() { return *stages_[index_]; }
  const RehearsedStage& at() const { return *stages_[index_]; }
  int64_t now_ps() const;

  // Stages.
  void begin();
  RehearsedStage* next_with_early();
  void note_times();
  void end();
  bool enter();

  // Checks what storage has brought, runs a slice, or ends the stage.
  bool work();
  void owe(int64_t ps, Doing);
  // Chooses the next firing as the runtime's schedule does.
  bool pick();
  int deepest();
  int next_of_order();
  bool can_fire(int actor) const;
  void fire(int process, int firings = 1);
  void wake(int process);
  void wake_all();

  // Passes the rows of the stage's port up to `bytes`.
  void pass(size_t stream, uint32_t bytes);
  uint32_t start_of(size_t stream) const {
    return frame_ * at().frame_bytes[stream];
  }
  void note_rows_at(int process);
  void note_rows(size_t stream);
  // Returns the end of the room that the stream has when the next stage begins.
  uint32_t next_limit(int stream) const;

  Supply supply_;
  std::vector<std::unique_ptr<RehearsedStage>> stages_;
  // When the record of the stage arrives that is being entered.
  std::optional<int64_t> record_ps_;
  RehearsedStage* next_ = nullptr;  // set if some of its rows may come early
  std::vector<PortTimes> times_;    // of the last frame up to the counted one
  PortTimes before_;                // when the stage began
  bool started_ = false;
  size_t index_ = 0;
  uint32_t frame_ = 0;
  // The firing under way.
  int active_ = -1;
  std::vector<FeedSlice> slices_;
  size_t slice_ = 0;
  Nanos owed_ = 0;  // what the last slice or check takes
  Doing owed_for_ = Doing::kSlice;
  // Counters of the stage, by target and by in-stream; those of the next stage
  // follow. The link asks far more often than rows come and go.
  std::vector<uint32_t> ready_, limits_;
  // Actors that may be able to fire; none above `highest_`.
  std::vector<bool> open_;
  int highest_ = -1;
  size_t run_ = 0;  // of a recorded order
  int run_fired_ = 0;
};

}  // namespace shoal
