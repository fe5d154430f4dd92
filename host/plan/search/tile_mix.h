// A run of tiles whose loops (host/plan/draft/group_net.h) are not all alike:
// each has layers, channels and a band of its own, or is no loop. Where one
// bottleneck needs small groups, others keep bands that compute less twice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/draft/tile_net.h"
#include "host/plan/search/group_variants.h"
#include "host/plan/search/survey.h"

namespace shoal {

// What the columns that a tile takes from the one before and keeps for the next
// one take: `once` of these bytes lie on others if they may.
struct KeptColumns {
  int64_t bytes = 0, once = 0, time_ps = 0;
};
KeptColumns kept_columns(const TileBoxes&, size_t tile, const Board&);

struct TileMix {
  std::vector<Group> groups;  // of layers of the net
  int64_t bytes = 0;          // of rings and sums of the largest tile
  int64_t time_ps = 0;
};

// What each loop of a run takes in each way, in tiles of these boxes. `least`:
// one row a firing.
class TileMixes {
 public:
  TileMixes(const Net&, const GroupVariants&, const PassTable& least,
            const Board&, Segment, const TileBoxes&, bool twice);

  // No mix takes less time.
  int64_t least_ps() const;
  // The least time that steps from loop to loop find within so many bytes.
  std::optional<TileMix> fastest(int64_t bytes) const;

 private:
  struct Way {
    Group group;  // `groups` 0: none
    int variant = 0;
    std::vector<int64_t> bytes;  // by tile
    int64_t time_ps = 0;
  };
  struct Loop {
    int begin = 0, end = 0;  // the most layers that it may have
    std::vector<Way> ways;
  };
  // Of a tensor that is no loop's own.
  struct Ring {
    std::vector<int64_t> row_bytes;  // by tile
    int slots = 0;                   // if no loop touches it
    struct Touch {
      size_t loop = 0;
      std::vector<int> slots;  // by way
    };
    std::vector<Touch> touches;
  };
  using Chosen = std::vector<size_t>;  // by loop: its way

  void find_loops(Segment, const TileBoxes&);
  void add_way(Loop&, const Group&, int variant, Segment, const TileBoxes&);
  void add_layer(int layer, Segment, const TileBoxes&);
  void add_rings(const std::vector<bool>& is_inner, const TileBoxes&,
                 bool twice);
  void leave_out_small_tiles();
  int64_t bytes_of(const Chosen&) const;
  int64_t time_of(const Chosen&) const;
  int slots(int variant, int tensor) const;
  std::optional<Chosen> raised(int64_t bytes) const;
  std::optional<Chosen> lowered(int64_t bytes) const;

  const Net& net_;
  const GroupVariants& variants_;
  const PassTable& least_;
  const Board& board_;
  std::vector<Loop> loops_;
  std::vector<Ring> rings_;
  std::vector<int64_t> base_;  // bytes besides, by tile
  int64_t base_ps_ = 0;
};

}  // namespace shoal
