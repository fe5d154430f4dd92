// Places everything behind the fixed parts of a node's arena: what its stages
// hold becomes items with a size and a lifetime, which are packed.
//
//   ArenaPlan arena(net, node);  // its stages are there
//   arena.hold(arena.add(bytes, first, last), stage, buffer);
//   arena.add_stage_items();
//   arena.place({.tries = tries}, saved, memo);
//   lay_out(net, make_layout(...), node);
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/arena/pack.h"
#include "host/plan/types/plan.h"

namespace shoal {

class ArenaPlan {
 public:
  // The node must outlive this; none of its lists may grow meanwhile.
  ArenaPlan(const Net& net, PlanNode& node) : net_(net), node_(node) {}

  // Adds an item that is alive from stage `first` to stage `last`.
  int add(int64_t bytes, int first, int last);
  // Puts the buffer's rows into the item, for at least as long as its stage
  // runs.
  void hold(int item, int stage, int buffer);
  // Adds the items that exist in a single stage, for all stages: sums of
  // actors, slots of tapes, sets of weights in SRAM, pages of spills.
  void add_stage_items();

  // Returns an item, to add overlays, or items that never hold rows together.
  PackItem& item(int number) { return items_[static_cast<size_t>(number)]; }
  // Returns the bytes that a stage holds, without the fixed parts and the gaps
  // that packing leaves.
  int64_t stage_bytes(int stage) const;

  // Gives all items addresses, counted from the end of the fixed parts. Returns
  // the largest end. `saved`: see pack().
  int64_t place(const PackLimits&, const std::vector<int64_t>& saved,
                PackMemo&);

 private:
  struct Tenant {
    std::vector<PlanBuffer*> buffers;
    uint32_t* offset = nullptr;
  };
  void add_here(int64_t bytes, int stage, uint32_t& offset);

  const Net& net_;
  PlanNode& node_;
  std::vector<PackItem> items_;
  std::vector<Tenant> tenants_;  // by item
};

}  // namespace shoal
