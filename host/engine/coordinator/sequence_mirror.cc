#include "host/engine/coordinator/sequence_mirror.h"

#include <utility>

namespace shoal {

void SequenceMirror::begin_sequence() {
  values_.reset();
  frames_ = submitted_ = epoch_ = 0;
  asked_ = false;
}

void SequenceMirror::go_on_with(int64_t frames, VariableValues values) {
  begin_sequence();
  values_ = std::move(values);
  frames_ = frames;
}

SequenceStart SequenceMirror::begin_epoch() {
  submitted_ = epoch_ = frames_;
  asked_ = false;
  return {every_, values_ ? &*values_ : nullptr};
}

bool SequenceMirror::follow(Coordinator& coordinator) {
  if (!is_due()) return true;
  const auto frames = static_cast<uint32_t>(submitted_ - epoch_);
  if (!asked_) {
    if (!coordinator.idle()) return false;
    coordinator.read_variables(frames);
    asked_ = true;
  }
  std::optional<VariableValues> values = coordinator.take_variables();
  if (!values) return false;
  coordinator.go_on(frames);
  asked_ = false;
  values_ = std::move(values);
  frames_ = submitted_;
  ++copies_;
  if (renewed_) renewed_(frames_);
  return true;
}

}  // namespace shoal
