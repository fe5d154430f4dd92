// Chooses the loops (host/plan/draft/group_net.h) of a run of tiles one by one:
// each has its own layers, channels and band, or is no loop. Where one
// bottleneck needs small groups, the others keep bands that compute less twice.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/draft/tile_net.h"
#include "host/plan/search/group_variants.h"
#include "host/plan/search/survey.h"

namespace shoal {

// Bytes of the columns that a tile takes from the previous one and keeps for
// the next. `once` of them can share addresses if the plan allows it.
struct KeptColumns {
  int64_t bytes = 0, once = 0, time_ps = 0;
};
KeptColumns kept_columns(const TileBoxes&, size_t tile, const Board&);

struct TileMix {
  std::vector<Group> groups;  // groups of layers of the net
  int64_t bytes = 0;          // rings and sums of the largest tile
  int64_t time_ps = 0;
};

// Computes the cost of each loop of a run in each way, in tiles of these boxes.
// `least` is the table with one row per firing.
class TileMixes {
 public:
  TileMixes(const Net&, const GroupVariants&, const PassTable& least,
            const Board&, Segment, const TileBoxes&, bool twice);

  // Returns a lower bound of the time of all mixes.
  int64_t least_ps() const;
  // Returns the fastest mix within `bytes` that changing one loop at a time
  // finds.
  std::optional<TileMix> fastest(int64_t bytes) const;

 private:
  struct Way {
    Group group;  // no loop if `groups` is 0
    int variant = 0;
    std::vector<int64_t> bytes;  // by tile
    int64_t time_ps = 0;
  };
  struct Loop {
    int begin = 0, end = 0;  // the longest run of its layers
    std::vector<Way> ways;
  };
  // A ring that is not private to a loop.
  struct Ring {
    std::vector<int64_t> row_bytes;  // by tile
    int slots = 0;                   // rows if no loop touches it
    struct Touch {
      size_t loop = 0;
      std::vector<int> slots;  // indexed by way
    };
    std::vector<Touch> touches;
  };
  using Chosen = std::vector<size_t>;  // the way of each loop

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
  std::vector<int64_t> base_;  // other bytes, by tile
  int64_t base_ps_ = 0;
};

}  // namespace shoal
