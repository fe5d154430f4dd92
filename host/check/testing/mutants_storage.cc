#include "host/check/testing/stage_mutations.h"

namespace shoal {

// Over each buffer that lies in the stage, to an odd place, over the fixed
// parts of the arena.
void StageMutations::place(const std::string& name,
                           std::function<uint32_t&(PlanStage&)> get) {
  add(name + " by 1", false, [=](PlanStage& s) { ++get(s); });
  add(name + " at 0", false, [=](PlanStage& s) { get(s) = 0; });
  for (int by : {-16, 16}) {
    add(name + " by " + std::to_string(by), kMayBeRight,
        [=](PlanStage& s) { get(s) += static_cast<uint32_t>(by); });
  }
  for (int b = 0; b < count(stage_.buffers); ++b) {
    add(name + " at buffer " + std::to_string(b), false,
        [=](PlanStage& s) { get(s) = s.buffers[b].offset; });
  }
}

void StageMutations::storage() {
  if (stage_.slot_count) slots();
  for (int a = 0; a < count(stage_.actors); ++a) {
    const PlanWeights& w = stage_.actors[a].weights;
    if (w.chunks.empty()) continue;
    const std::string name = "weights of actor " + std::to_string(a);
    add(name + " stay", false, [=](PlanStage& s) {
      s.actors[a].weights.keep = !s.actors[a].weights.keep;
    });
    for (int by : {-1, 1, 4}) {
      add(name + " in bank by " + std::to_string(by), false,
          [=](PlanStage& s) { s.actors[a].weights.bank += by; });
    }
    if (w.place != WeightPlace::kSram) continue;
    if (w.bank > 0) {
      for (int by : {-16, -1, 1, 16}) {
        add(name + " in their bank by " + std::to_string(by), false,
            [=](PlanStage& s) {
              s.actors[a].weights.offset += static_cast<uint32_t>(by);
            });
      }
      continue;
    }
    place(name, [=](PlanStage& s) -> uint32_t& {
      return s.actors[a].weights.offset;
    });
  }
  for (int i = 0; i < count(stage_.spills); ++i) spill(i);
}

void StageMutations::slots() {
  add("one slot", false, [](PlanStage& s) { s.slot_count = 1; });
  add("no slots", false, [](PlanStage& s) { s.slot_count = 0; });
  add("smaller slots", false, [](PlanStage& s) { s.slot_bytes -= 16; });
  add("odd slots", false, [](PlanStage& s) { s.slot_bytes += 1; });
  add("without an order", false, [](PlanStage& s) { s.order.clear(); });
  place("slots", [](PlanStage& s) -> uint32_t& { return s.slots; });
}

void StageMutations::spill(int i) {
  const std::string name = "spill " + std::to_string(i) + " ";
  for (int by : {-1, 1}) {
    shift(name + "port", &PlanStage::spills, i, &PlanSpill::port, by);
    shift(name + "first page", &PlanStage::spills, i, &PlanSpill::first_page,
          by);
    shift(name + "pages", &PlanStage::spills, i, &PlanSpill::pages, by);
  }
  place(name + "page",
        [=](PlanStage& s) -> uint32_t& { return s.spills[i].offset; });
  for (int other = 0; other < count(stage_.spills); ++other) {
    if (other == i) continue;
    add(name + "at the page of another", false,
        [=](PlanStage& s) { s.spills[i].offset = s.spills[other].offset; });
    add(name + "with the pages of another", false, [=](PlanStage& s) {
      s.spills[i].first_page = s.spills[other].first_page;
    });
    if (other > i) continue;
    add(name + "swapped", false,
        [=](PlanStage& s) { std::swap(s.spills[i], s.spills[other]); });
  }
  add(name + "dropped", false,
      [=](PlanStage& s) { s.spills.erase(s.spills.begin() + i); });
  add(name + "dropped with its port", false, [=](PlanStage& s) {
    const int port = s.spills[i].port;
    s.spills.erase(s.spills.begin() + i);
    drop_port(s, port);
    for (PlanPort& p : s.ports) {
      if (p.owner == Owner::kSpill && p.owner_index > i) --p.owner_index;
    }
  });
  add(name + "twice", false,
      [=](PlanStage& s) { s.spills.push_back(s.spills[i]); });
}

}  // namespace shoal
