// Decides which layers are made in tiles (host/plan/draft/tile_net.h), how many
// tiles, and which layers have channel groups (host/plan/draft/group_net.h),
// for arenas that are too small otherwise. Runs of layers in tiles and stages
// of whole layers, with and without groups, are alternatives of one search over
// the ends of stages. It estimates the cost of a run; the few best choices are
// searched again as nets of their own, and built.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/draft/tile_net.h"
#include "host/plan/search/all_candidates.h"
#include "host/plan/search/group_variants.h"

namespace shoal {

class TileSearch {
 public:
  // `whole` is the search without tiles for the same net. All references must
  // outlive this object.
  TileSearch(const Net&, const NodeTask&, AllCandidates& whole);

  // Estimates the smallest arena without building anything; none if the
  // estimate exceeds `most`.
  std::optional<int64_t> estimate(int64_t most);
  // Returns the smallest node if it takes less than `below` bytes, or any node
  // that takes at most `enough`.
  std::optional<PlanNode> smallest(int64_t below, int64_t enough);
  // Returns the fastest node found within the budget.
  std::optional<PlanNode> fastest(int64_t budget);

 private:
  // A run of layers in tiles, and its cost.
  struct Option {
    int way = 0;
    int64_t bytes = 0;  // rings and sums of the largest tile
    int64_t twice = 0;  // the same if kept columns lie there twice
    int64_t time_ps = 0;
  };
  struct Run {
    int result = -1;
    int64_t result_bytes = 0;
    // The tensors whose columns are kept: none, the last tensor, the last two
    // and so on.
    std::vector<std::vector<int>> kept;
    // Indexed by [kept][tile count]: the boxes of tiles, and their cost by
    // variant of the net.
    std::vector<std::vector<TileBoxes>> boxes;
    std::vector<std::vector<std::vector<Option>>> options;
  };
  // Cost of a tile's weights if they come from storage.
  struct Tape {
    int64_t bytes = 0;    // slots
    int64_t time_ps = 0;  // beyond arithmetic
  };
  // The parts of a choice.
  struct Parts {
    std::vector<TileRun> runs;
    std::vector<BlockChoice> groups;
    bool empty() const { return runs.empty() && groups.empty(); }
    bool operator==(const Parts&) const = default;
  };
  struct Built {
    Parts parts;
    int64_t time_ps = -1;  // -1: does not fit
  };

  Run& run(int begin, int end);
  // `way` encodes the number of tiles and which columns are kept.
  TileRun in_tiles(const Run&, Segment, int way) const;
  Option option(const TileBoxes&, Segment, int variant) const;
  // Returns the first option that fits; null: none does. `kept` is an index of
  // what is kept.
  int64_t bytes_of(const Option& o) const { return twice_ ? o.twice : o.bytes; }
  const Option* fitting(Run&, Segment, int variant, size_t kept, int64_t bytes);
  void offer(const StageSearch& whole, int begin, int64_t budget, Ends& ends);
  // Chunks are those that the whole segment would have.
  Tape tape(const StageSearch& whole, Segment, uint32_t chunk_limit) const;
  Parts parts_of(const Partition&) const;
  StageSearch stages(int64_t record_bytes);
  std::optional<Partition> fastest_tiles(StageBudget);
  // Returns none if the choice was built before. With `changes`, goes on from
  // the best choice.
  std::optional<PlanNode> fastest_parts(int64_t budget, bool changes);
  std::optional<PlanNode> smallest_of(int64_t below);
  std::vector<Parts> changed(const Parts&);
  bool is_excluded(const TileRun&, const std::vector<BlockChoice>&) const;
  template <class Attempt>
  void climb(const Parts& best, const Attempt&);
  // Builds the node of the given net; none if it exceeds `most`. With `fast`,
  // returns the fastest within `most`, otherwise the smallest.
  std::optional<PlanNode> build(const Parts&, int64_t most, bool fast);

  const Net& net_;
  const NodeTask& task_;
  AllCandidates& whole_;
  const std::vector<TensorUses>& uses_;
  const PassTable& least_;  // one row per firing
  const GroupVariants variants_;
  bool grouped_ = true;  // whether variants with groups are searched
  bool twice_ = false;   // whether kept columns lie there twice
  std::vector<int64_t>
      live_;  // by position: bytes of tensors that live across it
  std::map<std::pair<int, int>, Run> known_;
  std::vector<Built> built_;  // choices built within one budget
};

}  // namespace shoal
