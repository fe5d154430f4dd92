// Inside the loader: one stage record under examination.
#pragma once

#include <cstring>

#include "device/base/status.h"
#include "device/program/actor.h"
#include "device/program/check.h"
#include "device/program/module_checks.h"

namespace shoal {

class StageCheck {
 public:
  // `fixed_end`: where the fixed regions of the arena end.
  StageCheck(const HeadView& head, uint16_t stage, const uint8_t* record,
             const ImageSource& source, uint32_t fixed_end,
             StageNumbers numbers, const ModuleChecks& checks)
      : head_(head),
        stage_(stage),
        record_(record),
        source_(source),
        fixed_end_(fixed_end),
        numbers_(numbers),
        checks_(checks) {
    fault_.stage = stage;
    std::memcpy(kept_end_, numbers.kept_end, sizeof kept_end_);
  }
  Fault run();

  // Remembers the first failure.
  bool need(bool ok, int line = __builtin_LINE()) {
    if (!ok && fault_.status == Status::kOk) {
      fault_.status = Status::kBadRecord;
      fault_.check = static_cast<uint16_t>(line);
    }
    return ok;
  }

 private:
  friend bool check_streams(StageCheck&);
  friend bool check_spills(StageCheck&);

  void at(Table table, uint32_t index) {
    fault_.table = table;
    fault_.index = static_cast<uint16_t>(index);
  }
  bool in_arena(uint32_t offset, uint64_t bytes);

  bool check_module(ModuleCheck, uint32_t records);
  bool sizes();
  bool tape();
  bool buffers();
  bool buffer(const BufferRecord&);
  bool is_variable(const BufferRecord&);
  bool overlay(const BufferRecord&, uint32_t index);
  bool ports();
  bool port(const PortRecord&, uint32_t index);
  bool disjoint_writers(const BufferRecord&);
  bool ios();
  // Bytes of the arena that something takes while the stage runs, once they are
  // known to lie in it. What belongs to a loop lives during a firing of that
  // loop only.
  struct Region {
    uint32_t begin, end;
    uint16_t loop;
  };
  static bool apart(const Region&, const Region&);
  void at_region(uint32_t number);
  Region region(uint32_t number) const;
  Region buffer_region(uint32_t index) const;
  static Region accumulator_region(const StageView&, const ActorRecord&);
  Region set_region(uint32_t index) const;
  Region room_region() const;
  bool regions_apart();
  bool in_recorded_order(uint32_t buffer) const;
  bool loops();
  bool loop(const LoopRecord&, uint32_t index);
  bool order();

  // check_spill.cc
  bool spills();
  bool spill(const SpillRecord&, uint32_t index);

  // check_stream.cc
  bool streams();
  bool in_stream(const StreamRecord&, uint32_t index);
  bool early_stream(const PortRecord&);
  StageView stage_before() const;
  bool out_stream(const StreamRecord&, uint32_t first_target);

  // check_actor.cc
  bool actors();
  bool actor(const ActorRecord&, uint32_t index);
  bool width(const ActorRecord&);
  bool actor_port(uint16_t port, uint32_t actor, bool is_read,
                  int element_bytes, bool may_be_private);
  bool operands(const ActorRecord&, uint32_t index);
  bool firings(const ActorRecord&);
  uint64_t firings_of(const ActorRecord&) const;
  bool window(const ActorRecord&);
  bool loop_windows(const LoopRecord&);
  bool partial_sums(const ActorRecord&, uint32_t index);
  bool params(const ActorRecord&);
  bool shapes(const ActorRecord&);
  bool binary_shapes(const ActorRecord&);
  bool int4_room(const ActorRecord&);
  bool weights(const ActorRecord&);
  bool place(const WeightRecord&);
  bool sram(const WeightRecord&);
  bool groups(const ActorRecord&, const WeightRecord&);
  bool chunk(const ActorRecord&, const WeightRecord&, const ChunkRecord&,
             int part);
  bool chunk_box(const ActorRecord&, const ChunkRecord&);
  bool chunk_bytes(const ActorRecord&, const WeightRecord&, const ChunkRecord&);

  const HeadView& head_;
  uint16_t stage_;
  const uint8_t* record_;
  const ImageSource& source_;
  const uint32_t fixed_end_;
  const StageNumbers numbers_;
  const ModuleChecks& checks_;
  StageView s_;
  Fault fault_;
  uint32_t next_weights_ = 0, next_chunk_ = 0;
  uint32_t kept_end_[1 + kMaxBanks];  // by bank
};

}  // namespace shoal
