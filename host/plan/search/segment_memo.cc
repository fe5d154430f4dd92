#include "host/plan/search/segment_memo.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "host/plan/draft/linked_draft.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/tuning.h"

namespace shoal {
namespace {

// Limit of remembered costs of nodes, of about 100 bytes each.
constexpr size_t kMostCosts = size_t{1} << 21;

}  // namespace

SegmentMemo::Prepared::Prepared(const Net& net) {
  std::vector<TensorUses> uses = find_uses(net);
  std::vector<int> counts(std::begin(tuning::kPasses),
                          std::end(tuning::kPasses));
  counts.insert(counts.end(), {256, kOneRow});
  for (const int passes : counts) {
    const Work work = uniform_work(net, passes);
    std::vector<int> slots = ring_slots(net, uses, work, passes == kOneRow);
    if (least_slots.empty()) least_slots = slots;
    for (size_t t = 0; t < slots.size(); ++t) {
      least_slots[t] = std::min(least_slots[t], slots[t]);
    }
    table_passes.push_back(passes);
    table_slots.push_back(std::move(slots));
  }
  forms = NetForms(net, std::move(uses), table_slots);
  size_t table = 0;
  for (int p = 0; p <= table_passes.end()[-2]; ++p) {
    if (p >= table_passes[table + 1]) ++table;
    table_of.push_back(static_cast<uint8_t>(table));
  }
}

const std::vector<int>& SegmentMemo::slots(int64_t passes) {
  const Prepared& p = prepared();
  if (passes >= p.table_passes.back()) return p.table_slots.back();
  const int64_t last = std::ssize(p.table_of) - 1;
  const auto at = static_cast<size_t>(std::clamp<int64_t>(passes, 0, last));
  return p.table_slots[p.table_of[at]];
}

int SegmentMemo::number_of(const CutNet& cut, int layer) {
  const LayerCut& c = cut.cuts.layers[layer];
  std::vector<int> key;
  add_to_key(c, key);
  key.push_back(cut.band[layer]);
  if (cut.loop_of[layer] >= 0) {
    const BlockChoice& loop = cut.loops[cut.loop_of[layer]];
    key.insert(key.end(), {loop.begin - layer, loop.end - layer, loop.groups});
  }
  return numbers_.of(std::move(key));
}

const SegmentCost* SegmentMemo::find(const Key& key) const {
  const auto at = costs_.find(key);
  return at == costs_.end() ? nullptr : &at->second;
}

const SegmentCost& SegmentMemo::add(Key key, SegmentCost cost) {
  ++added_;
  return costs_.insert_or_assign(std::move(key), std::move(cost)).first->second;
}

void SegmentMemo::trim(int nodes) {
  const size_t each = 8 * static_cast<size_t>(std::max(1, nodes));
  if (costs_.size() <= kMostCosts / each) return;
  costs_.clear();
  rows_.clear();
}

}  // namespace shoal
