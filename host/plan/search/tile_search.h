// Which layers are made in tiles (host/plan/draft/tile_net.h), how many, and
// which in channel groups (host/plan/draft/group_net.h): what an arena is too
// small for otherwise. Runs of layers in tiles and stages of whole layers, with
// and without groups, are alternatives of one search over the ends of stages.
// What a run would take is estimated there; the few best choices are searched
// again as nets of their own, and built.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "host/plan/draft/tile_net.h"
#include "host/plan/search/all_candidates.h"
#include "host/plan/search/group_variants.h"
#include "host/plan/search/tile_mix.h"

namespace shoal {

class TileSearch {
 public:
  // `whole`: the search without tiles, for the same net. All must outlive it.
  TileSearch(const Net&, const NodeTask&, AllCandidates& whole);

  // What the smallest arena is taken to be before anything is built; none if
  // that is more than `most`.
  std::optional<int64_t> estimate(int64_t most);
  // The smallest arena, if it has less than `below` bytes; or one that has
  // `enough` or less.
  std::optional<PlanNode> smallest(int64_t below, int64_t enough);
  // The least time that is found within the budget.
  std::optional<PlanNode> fastest(int64_t budget);

 private:
  // A run of layers in tiles, and what it takes.
  struct Option {
    int way = 0;
    int64_t bytes = 0;  // of rings and sums of the largest tile
    int64_t twice = 0;  // the same if what is kept lies there twice
    int64_t time_ps = 0;
  };
  struct Run {
    int result = -1;
    int64_t result_bytes = 0;
    // Of which of them columns are kept: of none, of the last tensor, of the
    // last two and so on.
    std::vector<std::vector<int>> kept;
    // By what is kept, then more and more tiles: their boxes, and by variant of
    // the net what they take.
    std::vector<std::vector<TileBoxes>> boxes;
    std::vector<std::vector<std::vector<Option>>> options;
    // By what is kept, then more and more tiles.
    std::vector<std::vector<std::unique_ptr<TileMixes>>> mixes;
  };
  // What a tile's weights take if they come from storage.
  struct Tape {
    int64_t bytes = 0;    // of slots
    int64_t time_ps = 0;  // besides arithmetic
  };
  // What a choice is made of.
  struct Parts {
    std::vector<TileRun> runs;
    std::vector<Group> groups;
    bool empty() const { return runs.empty() && groups.empty(); }
    bool operator==(const Parts&) const = default;
  };
  struct Built {
    Parts parts;
    int64_t time_ps = -1;  // if it fits
  };

  int most_layers() const;
  Run& run(int begin, int end);
  // A number says how many tiles a run has and what is kept.
  TileRun in_tiles(const Run&, Segment, int way) const;
  Option option(const TileBoxes&, Segment, int variant) const;
  // The first that fits so much; null: none does. `kept`: how much is kept.
  int64_t bytes_of(const Option& o) const { return twice_ ? o.twice : o.bytes; }
  const Option* fitting(Run&, Segment, int variant, size_t kept, int64_t bytes);
  void offer(const StageSearch& whole, int begin, int64_t budget, Ends& ends);
  // `held`: what lies there besides.
  void offer_mixes(Run&, Segment, size_t kept, int64_t held, int64_t budget,
                   Ends&);
  std::vector<Group> groups_of(const StageCut&) const;
  // Chunks as the whole segment would have them.
  Tape tape(const StageSearch& whole, Segment, uint32_t chunk_limit) const;
  Parts parts_of(const Partition&) const;
  StageSearch stages(int64_t record_bytes);
  std::optional<Partition> fastest_tiles(StageBudget);
  // None if it was built before. `narrow`: narrower tiles of it, too.
  std::optional<PlanNode> fastest_parts(int64_t budget, bool narrow);
  std::optional<PlanNode> smallest_of(int64_t below, int64_t enough);
  std::vector<Parts> narrower(const Parts&) const;
  // The node of the given net; none if it is larger than `most`. `fast`: the
  // least time in `most`, else the smallest.
  std::optional<PlanNode> build(const Parts&, int64_t most, bool fast);

  const Net& net_;
  const NodeTask& task_;
  AllCandidates& whole_;
  const std::vector<TensorUses>& uses_;
  const PassTable& least_;  // one row a firing
  const GroupVariants variants_;
  bool grouped_ = true;        // variants are searched, too
  bool mixed_ = false;         // and mixtures of them
  bool twice_ = false;         // what is kept lies there twice
  std::vector<int64_t> live_;  // by position: tensors from before to behind it
  std::map<std::pair<int, int>, Run> known_;
  std::vector<std::vector<Group>> mixed_groups_;  // of cuts
  std::vector<Built> built_;                      // within one budget
};

}  // namespace shoal
