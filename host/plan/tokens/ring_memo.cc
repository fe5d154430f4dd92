#include "host/plan/tokens/ring_memo.h"

#include <algorithm>
#include <utility>

#include "host/plan/tokens/rings.h"
#include "host/plan/tokens/stage_key.h"

namespace shoal {
namespace {

// Of keys; then all is forgotten.
constexpr size_t kMostBytes = size_t{64} << 20;

}  // namespace

void RingMemo::trim(size_t more) {
  if (bytes_ + more > kMostBytes) {
    slots_.clear(), leads_.clear();
    bytes_ = 0;
  }
  bytes_ += more;
  ++simulated_;
}

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
  if (const auto at = slots_.find(key); at != slots_.end()) return at->second;
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
  trim(key.size());
  return slots_.emplace(std::move(key), std::move(slots)).first->second;
}

void RingMemo::find_leads(const Net& net, const PlanStage& stage,
                          const std::vector<StreamTie>& ties,
                          std::vector<OverlaidBuffers>& pairs) {
  StageKey parts;
  parts.add(stage, ties);
  for (const OverlaidBuffers& p : pairs) parts.add(p.in), parts.add(p.out);
  std::string key = parts.take();
  auto at = leads_.find(key);
  if (at == leads_.end()) {
    shoal::find_leads(net, stage, ties, pairs);
    std::vector<int64_t> leads;
    for (const OverlaidBuffers& p : pairs) leads.push_back(p.lead);
    trim(key.size());
    at = leads_.emplace(std::move(key), std::move(leads)).first;
  }
  for (size_t i = 0; i < pairs.size(); ++i) pairs[i].lead = at->second[i];
}

}  // namespace shoal
