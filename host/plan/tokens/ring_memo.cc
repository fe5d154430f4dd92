#include "host/plan/tokens/ring_memo.h"

#include <string>
#include <utility>

#include "host/plan/tokens/rings.h"
#include "host/plan/tokens/stage_key.h"

namespace shoal {

std::vector<int> RingMemo::slots(const Net& net, const PlanStage& stage,
                                 const std::vector<StreamTie>& ties,
                                 const std::vector<int>& group, int tries) {
  StageKey parts;
  parts.add(stage, ties);
  parts.add(tries);
  if (tries > 0) {
    for (const int g : group) parts.add(g);
  }
  std::string key = parts.take();
  if (const std::vector<int>* known = slots_.find(key)) return *known;
  std::vector<int> slots = peak_slots(net, stage, ties);
  if (tries > 0) {
    PlanStage tight = stage;
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) tight.buffers[b].slots = slots[b];
    }
    tighten(net, tight, ties, group, tries);
    for (size_t b = 0; b < slots.size(); ++b) {
      if (group[b] >= 0) slots[b] = tight.buffers[b].slots;
    }
  }
  const size_t bytes = slots.size() * sizeof(int);
  return slots_.add(std::move(key), std::move(slots), bytes);
}

void RingMemo::find_leads(const Net& net, const PlanStage& stage,
                          const std::vector<StreamTie>& ties,
                          std::vector<OverlaidBuffers>& pairs) {
  StageKey parts;
  parts.add(stage, ties);
  for (const OverlaidBuffers& p : pairs) parts.add(p.in), parts.add(p.out);
  std::string key = parts.take();
  const std::vector<int64_t>* known = leads_.find(key);
  if (!known) {
    shoal::find_leads(net, stage, ties, pairs);
    std::vector<int64_t> leads;
    for (const OverlaidBuffers& p : pairs) leads.push_back(p.lead);
    const size_t bytes = leads.size() * sizeof(int64_t);
    known = &leads_.add(std::move(key), std::move(leads), bytes);
  }
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i].lead = (*known)[i];
}

}  // namespace shoal
