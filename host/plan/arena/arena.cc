#include "host/plan/arena/arena.h"

#include <algorithm>

#include "host/plan/cost/tape.h"

namespace shoal {

int ArenaPlan::add(int64_t bytes, int first, int last) {
  items_.push_back({bytes, first, last, -1, 0, {}});
  tenants_.emplace_back();
  return static_cast<int>(items_.size()) - 1;
}

void ArenaPlan::hold(int number, int stage, int buffer) {
  PackItem& i = item(number);
  i.last_stage = std::max(i.last_stage, stage);
  tenants_[number].buffers.push_back(&node_.stages[stage].buffers[buffer]);
}

void ArenaPlan::add_here(int64_t bytes, int stage, uint32_t& offset) {
  tenants_[add(bytes, stage, stage)].offset = &offset;
}

void ArenaPlan::add_stage_items() {
  const auto stages = static_cast<int>(node_.stages.size());
  for (int n = 0; n < stages; ++n) {
    for (PlanActor& a : node_.stages[n].actors) {
      if (a.accumulator_bytes) add_here(a.accumulator_bytes, n, a.accumulator);
    }
  }
  for (int n = 0; n < stages; ++n) {
    PlanStage& s = node_.stages[n];
    if (s.slot_count)
      add_here(int64_t{s.slot_count} * s.slot_bytes, n, s.slots);
    for (PlanActor& a : s.actors) {
      if (a.weights.place != WeightPlace::kSram) continue;
      add_here(sram_bytes(net_, s, a), n, a.weights.offset);
    }
  }
  for (int n = 0; n < stages; ++n) {
    for (PlanSpill& s : node_.stages[n].spills) {
      add_here(node_.spill_page_bytes, n, s.offset);
    }
  }
}

int64_t ArenaPlan::stage_bytes(int stage) const {
  int64_t bytes = 0;
  for (const PackItem& i : items_) {
    if (i.first_stage <= stage && stage <= i.last_stage) {
      bytes += aligned(i.bytes);
    }
  }
  return bytes;
}

int64_t ArenaPlan::place(const PackLimits& limits,
                         const std::vector<int64_t>& saved, PackMemo& memo) {
  const Packing packing = memo.pack(items_, limits, saved);
  for (size_t i = 0; i < items_.size(); ++i) {
    const auto offset = static_cast<uint32_t>(packing.offsets[i]);
    if (tenants_[i].offset) *tenants_[i].offset = offset;
    for (PlanBuffer* b : tenants_[i].buffers) {
      b->offset = offset;
      b->first_stage = items_[i].first_stage;
      b->last_stage = items_[i].last_stage;
    }
  }
  return packing.bytes;
}

}  // namespace shoal
