// A copy of what the variables of a sequence hold, which outlives its nodes.
// The coordinator has it, because it has the inputs, too: from both the
// sequence goes on after a loss, on whatever nodes are left and however many
// were lost. Every few frames none is submitted until all nodes have ended
// those before and said what they keep, so that all parts of the copy are of
// one frame.
//
//   deploy with mirror.begin_epoch()
//   while (frames are left) {
//     if (!mirror.is_due()) submit, mirror.submitted();
//     if (no frame is under way) mirror.follow(coordinator);
//   }
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "host/engine/coordinator/coordinator.h"
#include "host/engine/coordinator/variable_values.h"

namespace shoal {

class SequenceMirror {
 public:
  // `every`: frames from one copy to the next. `renewed` is told the frames of
  // the sequence that it covers then: their inputs are not needed any more.
  SequenceMirror(uint16_t every, std::function<void(int64_t frames)> renewed)
      : every_(every), renewed_(std::move(renewed)) {}

  // A new one, from the initial values on.
  void begin_sequence();
  // The one of another process, whose copy this is.
  void go_on_with(int64_t frames, VariableValues);
  // Other nodes go on from the copy, which is what they are started with.
  SequenceStart begin_epoch();

  // Returns whether no frame may be submitted before follow() was true.
  bool is_due() const { return submitted_ - frames_ >= every_; }
  void submitted() { ++submitted_; }
  // To be called again and again while no frame is under way; renews the copy
  // if that is due. Returns whether there is none to wait for.
  bool follow(Coordinator&);

  // Frames of the sequence that the copy covers.
  int64_t frames() const { return frames_; }
  int every() const { return every_; }
  int64_t copies() const { return copies_; }
  // Bytes of the copy; 0: none yet.
  int64_t bytes() const { return values_ ? values_->bytes() : 0; }
  const std::optional<VariableValues>& values() const { return values_; }

 private:
  const uint16_t every_;
  const std::function<void(int64_t)> renewed_;
  std::optional<VariableValues> values_;
  int64_t frames_ = 0, submitted_ = 0;
  int64_t epoch_ = 0;  // frame of the sequence with which the epoch began
  int64_t copies_ = 0;
  bool asked_ = false;
};

}  // namespace shoal
