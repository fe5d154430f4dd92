// Remembers what searches of one net over the same nodes share, whatever their
// cuts: ring sizes of bands, and costs of segments. Cuts that differ in a few
// layers have most segments in common, since the cost of a segment depends only
// on the cuts of its own layers and of those that touch a tensor that lives
// while it runs. Equal segments at other places of the net have equal costs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/arena/pack.h"
#include "host/plan/cost/rehearsal_memo.h"
#include "host/plan/draft/cut_net.h"
#include "host/plan/draft/tile_net.h"
#include "host/plan/tokens/keyed_memo.h"
#include "host/plan/tokens/rings.h"
#include "host/plan/types/segment.h"
#include "host/plan/types/uses.h"

namespace shoal {

// Gives each different key a number.
template <typename Key>
class Numbers {
 public:
  int of(Key key) {
    return numbers_
        .try_emplace(std::move(key), static_cast<int>(numbers_.size()))
        .first->second;
  }
  void clear() { numbers_.clear(); }

 private:
  std::unordered_map<Key, int, KeyHash> numbers_;
};

// Finds repetitions in a net: segments of equal layers that touch equal tensors
// in the same way have the same form, wherever they are.
class NetForms {
 public:
  NetForms() = default;
  // `slots` has further numbers by tensor that equal forms must share. The net
  // must outlive this object.
  NetForms(const Net&, std::vector<TensorUses>,
           const std::vector<std::vector<int>>& slots);

  struct Form {
    int number = 0;  // equal for segments of the same form
    // Layers outside the segment that touch a tensor that lives while it runs.
    std::vector<int> others;
  };
  // The result is valid until the next call.
  const Form& of(Segment);

 private:
  using Key = std::vector<int64_t>;
  // The segments that begin at one layer.
  struct Begin {
    std::vector<int> touched;  // by tensor: its number; -1: not touched
    int tensors = 0;
    std::vector<int> layers;  // by length - 1: a number for these layers
    std::vector<std::optional<Form>> forms;  // by length
  };

  std::vector<int> others_of(Segment) const;
  // Adds to the key what a layer is and which tensors of the segment it
  // touches.
  void add_layer(int layer, const std::vector<int>& touched, Key&) const;
  void extend(int begin, int end);

  const Net* net_ = nullptr;
  std::vector<TensorUses> uses_;
  LiveTensors live_;
  std::vector<int> layer_kinds_, tensor_kinds_;
  Numbers<Key> kinds_, layers_, forms_;
  std::vector<Begin> begins_;
};

// How the time of a segment is counted.
enum class SegmentTime : uint8_t {
  kFrame,  // time that a frame spends in it
  kWork,   // sum over nodes: others work on other frames meanwhile
};

struct SegmentCost {
  bool possible = false;
  int64_t received = 0;  // bytes, all nodes
  struct AtPasses {
    std::vector<int64_t> bytes;  // by node, without fixed parts
    // By node, about how many of the bytes an overlay saves; empty: none.
    std::vector<int64_t> saved;
    int64_t time_ps = 0;
  };
  std::vector<AtPasses> at;  // by index in passes()
  // Bytes that built segments held beyond the estimate, without and with the
  // overlay.
  mutable std::array<int64_t, 2> more = {};
};

class SegmentMemo {
 public:
  // The net must outlive this object.
  explicit SegmentMemo(const Net& net) : net_(net) {}

  // Returns the ring rows of each tensor when every layer fires at least
  // `passes` times.
  const std::vector<int>& slots(int64_t passes);
  // Returns the fewest ring rows of each tensor, however often layers fire.
  const std::vector<int>& least_slots() { return prepared().least_slots; }

  // Returns a number for how a layer is cut; equal cuts have equal numbers.
  int number_of(const CutNet&, int layer);
  // Returns the form of a segment; its cost depends on that and on the cuts of
  // its layers.
  const NetForms::Form& form_of(Segment s) { return prepared().forms.of(s); }

  using Key = std::vector<int>;
  const SegmentCost* find(const Key&) const;
  const SegmentCost& add(Key, SegmentCost);
  // Returns the value of the key, -1 until it is set: the least time of a
  // share.
  using LeastKey = std::array<int, 10>;
  int64_t& least_ps(const LeastKey& key) {
    return leasts_.try_emplace(key, -1).first->second;
  }
  // Results of built plans.
  RingMemo& rings() { return rings_; }
  PackMemo& packs() { return packs_; }
  RehearsalMemo& rehearsals() { return rehearsals_; }
  // Returns the memo of this net in tiles.
  SegmentMemo& in_tiles(const TileNet&, const std::vector<TileRun>&);
  // Forgets costs if there are too many; this invalidates results of find() and
  // in_tiles().
  void trim(int nodes);
  // Returns a number for how some layers are cut, given the number of all but
  // the last one.
  int number_of(int all_but_last, int last) {
    return rows_.of({all_but_last, last});
  }

  // Returns how many costs were computed; for tests.
  int64_t added() const { return added_; }

 private:
  // Found when they are first needed: rings of a net whose layers fire too
  // often take seconds, and such a net is refused before.
  struct Prepared {
    explicit Prepared(const Net&);

    // By ascending number of passes over the whole net.
    std::vector<int> table_passes;
    std::vector<uint8_t>
        table_of;  // by passes; more passes use the last but one
    std::vector<std::vector<int>> table_slots;
    std::vector<int> least_slots;
    NetForms forms;
  };
  Prepared& prepared() {
    if (!prepared_) prepared_.emplace(net_);
    return *prepared_;
  }

  const Net& net_;
  std::optional<Prepared> prepared_;
  Numbers<std::vector<int>> numbers_;  // groups of mixes, by number
  Numbers<std::array<int, 2>> rows_;
  std::unordered_map<Key, SegmentCost, KeyHash> costs_;
  int64_t added_ = 0;
  std::unordered_map<LeastKey, int64_t, KeyHash> leasts_;
  RingMemo rings_;
  PackMemo packs_;
  RehearsalMemo rehearsals_;
  struct InTiles;
  std::vector<std::shared_ptr<InTiles>> in_tiles_;
};

}  // namespace shoal
