// What searches of one net over the same nodes share, whatever their cuts: the
// rings of bands, and what segments cost. Cuts that differ in a few layers have
// most segments in common: a segment's cost depends on how its own layers are
// cut, and those that touch a tensor that lives while it runs. Where a net
// repeats itself segments of equal layers, cut alike, cost the same.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "host/plan/arena/pack_memo.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/search/net_forms.h"
#include "host/plan/tokens/ring_memo.h"

namespace shoal {

// What the time of a segment is.
enum class SegmentTime : uint8_t {
  kFrame,  // that passes while a frame is in it
  kWork,   // of all its nodes together: others work on other frames meanwhile
};

struct SegmentCost {
  bool possible = false;
  int64_t received = 0;  // bytes, by all nodes
  struct AtPasses {
    std::vector<int64_t> bytes;  // by node, without the fixed parts
    // Of them what is saved, about, if what the segment makes lies over what it
    // uses up; empty: nothing.
    std::vector<int64_t> saved;
    int64_t time_ps = 0;
  };
  std::vector<AtPasses> at;  // by index in passes()
  // What built ones held beyond that, without and with the overlay.
  mutable std::array<int64_t, 2> more = {};
};

class SegmentMemo {
 public:
  explicit SegmentMemo(const Net&);

  // Slots of each tensor when every layer fires so often, or oftener.
  const std::vector<int>& slots(int64_t passes) const;
  // The fewest of each tensor, however often layers fire.
  const std::vector<int>& least_slots() const { return least_slots_; }

  // How a layer is cut, as a number: the same one only for the same cut.
  int number_of(const CutNet&, int layer);
  // What the cost of a segment depends on, beside how these layers are cut.
  const NetForms::Form& form_of(Segment s) { return forms_.of(s); }

  using Key = std::vector<int>;
  const SegmentCost* find(const Key&) const;
  const SegmentCost& add(Key, SegmentCost);
  // What built plans have found.
  RingMemo& rings() { return rings_; }
  PackMemo& packs() { return packs_; }
  // Forgets costs if they have become many; what find() gave is gone then.
  void trim(int nodes);
  // A number for how some layers are cut, given that of all but the last one.
  int number_of(int all_but_last, int last) {
    return rows_.of({all_but_last, last});
  }

  // For tests: how many costs were worked out.
  int64_t added() const { return added_; }

 private:
  // By passes of the whole net, fewest first.
  std::vector<int> table_passes_;
  std::vector<uint8_t> table_of_;  // by passes; more have the last but one
  std::vector<std::vector<int>> table_slots_;
  std::vector<int> least_slots_;
  Numbers<std::vector<int>> numbers_;  // of cuts
  NetForms forms_;
  Numbers<std::array<int, 2>> rows_;
  std::unordered_map<Key, SegmentCost, KeyHash> costs_;
  int64_t added_ = 0;
  RingMemo rings_;
  PackMemo packs_;
};

}  // namespace shoal
