// The state that the modules of a node share: the program, the stage under way,
// where it all lies. Each part keeps its private state itself.
#pragma once

#include "device/program/actor.h"
#include "device/program/check.h"
#include "device/program/record.h"
#include "device/program/source.h"
#include "device/runtime/ports.h"
#include "device/runtime/schedule.h"
#include "device/shoal.h"

namespace shoal {

struct NodeState {
  NodeState(const shoal_config&, void* arena, uint32_t arena_bytes);
  NodeState(const NodeState&) = delete;
  NodeState& operator=(const NodeState&) = delete;

  const Header& header() const { return *head.header; }
  bool failed() const { return fault.status != Status::kOk; }
  // Ends the node. What is returned is the fault's status.
  Status fail(const Fault&);
  Status fail(Status);

  // Takes a head that has been checked: returns whether program and store
  // belong together and the arena will do. Lays out its tables.
  Status take_head(const uint8_t* checked);
  // Returns the address of a set in SRAM.
  uint8_t* address_of(const WeightRecord& w) const {
    const uint32_t bank = bank_of(w);
    uint8_t* const first =
        bank ? static_cast<uint8_t*>(banks[bank - 1].data) : ports.arena;
    return first + w.arena;
  }
  // Returns whether the configuration's banks are as the contract asks.
  bool banks_usable() const;
  bool has_room(uint32_t bank, uint32_t bytes) const;
  // Takes a record that has been checked: returns whether this build has all
  // that its actors need.
  Status take_record(uint16_t stage, const uint8_t* checked);
  // In a build without storage: refuses weights that pass through SRAM.
  Status need_mapped_weights();
  // Once for each stage, before the first frame.
  void begin_kept_rows(const StageView&);

  // The parts of the configuration that are needed after opening has begun.
  const uint8_t *const store_id, *const store_key, *const start_salt;
  const shoal_spill_area* const spill_area;
  const shoal_link* const link;
  const shoal_bank* const banks;
  void (*const observer)(void* user, const void* firing);
  void* const observer_user;

  const uint32_t arena_bytes, bank_count;
  ImageSource source;
  HeadView head;
  Ports ports;
  Schedule schedule{ports};
  StageNumbers numbers;      // of the stage that runs or comes next
  uint16_t stage_index = 0;  // of that stage
  Fault fault;
};

}  // namespace shoal
