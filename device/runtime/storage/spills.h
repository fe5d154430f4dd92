// Rows of a stage on their way to pages of the spill area, or back.
#pragma once

#include "device/runtime/storage/store.h"
#include "device/storage/spill_area.h"

namespace shoal {

class Spills {
 public:
  // Must outlive this.
  explicit Spills(Store& store) : store_(store) {}

  // kWait: poll until `busy()` is over.
  Status open();
  Status recover();
  void begin_frame() { area_.begin_frame(); }
  void begin_stage();
  // kOk: rows were copied, or a request for a page has ended.
  Status step();

  bool busy() const { return area_.busy(); }
  // Weights and pages take turns with the storage.
  bool uses_storage() const { return area_.uses_storage(); }
  bool has_turn() const { return area_.wants_storage() && turn_; }
  void give_turn() { turn_ = true; }

 private:
  // The state of a port whose rows go through pages: rows and buffer; a page is
  // wanted; one is under way; its frame has ended.
  enum class State : uint8_t { kRows, kWants, kPage, kEnded };

  Status poll_area();
  Status area_step();
  Status start_page(uint16_t spill);
  bool copy_rows(uint16_t spill);
  Status fail(Status, uint16_t spill);

  NodeState& node() const { return store_.node; }

  Store& store_;
  SpillArea area_;
  uint32_t copied_[kMaxSpills];  // bytes of the frame, by spill
  State states_[kMaxSpills];
  uint16_t paged_ = 0;  // the spill whose page is, or was, under way
  bool turn_ = false;   // storage was last used for weights
};

}  // namespace shoal
