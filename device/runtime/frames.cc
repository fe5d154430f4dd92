// From a program to its frames, and from stage to stage.
#include <cstring>

#include "device/runtime/node.h"
#include "device/runtime/pair.h"

namespace shoal {

Status Node::open_mapped() {
  const ImageSource& source = state_.source;
  const ModuleChecks& checks = modules.checks;
  Fault f = check_header(source.mapped, source);
  if (f.status == Status::kOk) f = check_integrity(source.mapped, source);
  if (f.status == Status::kOk && checks.head) {
    f = checks.head(source.mapped, source);
  }
  if (f.status != Status::kOk) return state_.fail(f);
  Status status = state_.take_head(source.mapped);
  for (uint16_t s = 0; !failed(status) && s < header().stages; ++s) {
    const uint8_t* record = source.mapped + state_.head.stages[s].offset;
    if (checks.record) {
      f = checks.record(state_.head, s, record, source, state_.numbers, checks);
    }
    if (f.status != Status::kOk) return state_.fail(f);
    status = state_.take_record(s, record);
    if (!storage_ && !failed(status)) status = state_.need_mapped_weights();
    state_.begin_kept_rows(state_.ports.stage);
    state_.numbers = numbers_after(state_.ports.stage, state_.numbers);
  }
  if (failed(status)) return status;
  if (!storage_) return start_frames();
  storage_->read_kept();
  do {
    status = load_step();
  } while (status == Status::kOk && phase_ == Phase::kLoad);
  // A request that was refused is made again by a step.
  return status == Status::kOk && !loaded() ? Status::kWait : status;
}

Status Node::load_step() {
  const Status status = storage_->load();
  return failed(status) || storage_->loading() ? status : start_frames();
}

Status Node::start_frames() {
#if defined(SHOAL_TWO_CORES)
  if (pair_) limit_half(*pair_, header().poll_gap_us);
#endif
  if (header().peers) {
    const Status link = link_->open();
    if (link != Status::kOk) return link;
    linked_ = true;
  }
  reset_variables();
  if (header().spill_pages == 0) return start_frame();
  const Status area = storage_->open_spills();
  if (failed(area)) return area;
  phase_ = Phase::kRecover;
  return recover_step();
}

Status Node::recover_step() {
  const Status status = storage_->recover();
  return failed(status) || storage_->loading() ? status : start_frame();
}

Status Node::start_frame() {
  state_.numbers = {};
  if (header().spill_pages) storage_->begin_frame();
  return enter_stage(0);
}

uint8_t* Node::variable(uint32_t index, uint32_t& bytes) {
  const HeadView& head = state_.head;
  if (index >= head.variable_count()) return nullptr;
  const VariableEntry& v = head.variables()[index];
  bytes = v.bytes;
  const bool second = state_.ports.frames & 1;
  return state_.ports.arena + v.arena + (second ? variable_stride(v.bytes) : 0);
}

// Into the copies that the next frame, or the one under way, reads.
void Node::reset_variables() {
  const HeadView& head = state_.head;
  for (uint32_t i = 0; i < head.variable_count(); ++i) {
    const VariableEntry& v = head.variables()[i];
    uint32_t bytes = 0;
    uint8_t* const to = variable(i, bytes);
    if (v.initial == kNowhere) {
      std::memset(to, v.fill, v.bytes);
    } else {
      std::memcpy(to, head.initial() + v.initial, v.bytes);
    }
  }
}

// A frame that failed with the second core can begin again once that is idle:
// what it has written to variables lies in other copies, and its rows are made
// again. A failed node does not wait for its storage.
bool Node::may_begin_again() const {
#if defined(SHOAL_TWO_CORES)
  if (is_known() && !loaded()) {
    return pair_ && is_back(*pair_) && !(storage_ && storage_->busy());
  }
#endif
  return loaded();
}

// The values that the frame has written to variables lie in the other copies,
// so all that it read is still there. Rows that others had from it would come
// twice: nodes with peers begin again with their session.
Status Node::begin_again(bool reset) {
  if (!may_begin_again() || linked_) return Status::kBadArgument;
  if (storage_ && storage_->busy()) return Status::kWait;
  state_.fault = {};
  if (reset) reset_variables();
  if (phase_ == Phase::kRun) {
    for (uint32_t i = 0; i < state_.ports.stage.header->buffers; ++i) {
      const BufferRecord& b = state_.ports.stage.buffers[i];
      if (b.flags & kBufferKeep) state_.ports.restart(b);
    }
  }
  const Status status = start_frame();
  return status == Status::kWait ? Status::kOk : status;
}

// All that the node keeps lies in the arena, apart from numbers that count on.
Status Node::restart() {
  if (state_.failed() && !may_begin_again()) return state_.fault.status;
  if (!may_begin_again() || linked_ || !state_.source.mapped ||
      header().spill_pages) {
    return Status::kBadArgument;
  }
  for (uint16_t s = 0; s < header().stages; ++s) {
    const StageView stage = mapped_stage(s);
    for (uint16_t w = 0; w < stage.header->weights; ++w) {
      if (stage.weights[w].place != WeightPlace::kMapped) {
        return Status::kBadArgument;
      }
    }
  }
  state_.fault = {};
  // This sets all rings to their beginning, too.
  const Status head = state_.take_head(state_.source.mapped);
  if (failed(head)) return head;
  for (uint16_t s = 0; s < header().stages; ++s) {
    state_.begin_kept_rows(mapped_stage(s));
  }
  reset_variables();
  return start_frame();
}

StageView Node::mapped_stage(uint16_t stage) const {
  return view_stage(state_.source.mapped + state_.head.stages[stage].offset);
}

Status Node::enter_stage(uint16_t stage) {
  state_.stage_index = stage;
  if (state_.source.mapped) {
    state_.ports.stage = mapped_stage(stage);
  } else if (state_.ports.stage.header->index != stage) {
    // Not the record of the only stage, or of the last one checked.
    phase_ = Phase::kEnter;
    if (linked_) link_->end_stage();
    return storage_->read_record();
  }
  begin_stage();
  return Status::kOk;
}

void Node::begin_stage() {
  state_.schedule.begin();
  phase_ = Phase::kRun;
  state_.schedule.storage_works = storage_ != nullptr;
  if (storage_) storage_->begin_stage();
  if (linked_) link_->begin_stage();
}

Status Node::end_stage() {
  for (uint32_t i = 0; i < state_.ports.stage.header->buffers; ++i) {
    const BufferRecord& b = state_.ports.stage.buffers[i];
    if (b.flags & kBufferKeep) state_.ports.rebase(b);
  }
  state_.numbers = numbers_after(state_.ports.stage, state_.numbers);
  const auto next = static_cast<uint16_t>(state_.stage_index + 1);
  if (next < header().stages) return enter_stage(next);
  ++state_.ports.frames;
  return start_frame();
}

Status Node::begin_step() {
  if (phase_ == Phase::kLoad) return load_step();
  if (phase_ == Phase::kRecover) return recover_step();
  const Status status = storage_->enter();
  if (status == Status::kOk) begin_stage();
  return status;
}

}  // namespace shoal
