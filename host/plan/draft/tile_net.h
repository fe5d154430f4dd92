// A run of layers is made in *tiles*, a part of its result's columns at a time,
// each by stages of their own. So the rings between these layers are only a
// fraction as wide. Columns that two tiles need (a halo) are computed twice,
// and each tile reads the input of the run again from the top. If that is an
// input of the net, its rows must come again: a *replay*. Of some tensors the
// halo is *kept* instead: a tile copies the columns that the next one needs to
// a tensor of their own, and the next one copies them to its ring, beside the
// columns that it makes.
//
// The planned net expresses this, as with spills: TileNet has the run's layers
// once for each tile, over narrow tensors. Everything else (uses, rings, cuts,
// packing) sees an ordinary net. Afterwards layers and tensors become those of
// the given net again, with boxes of their columns.
#pragma once

#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

struct TileRun {
  int begin = 0, end = 0;   // layers
  std::vector<int> bounds;  // columns of the result: 0, ..., all of them
  std::vector<int> kept;    // tensors whose columns are kept, ascending
  int tiles() const { return static_cast<int>(bounds.size()) - 1; }
  bool operator==(const TileRun&) const = default;
};

// Returns whether the layer can be made some columns at a time.
bool takes_columns(const Net&, const Layer&);

// Returns the tensor that the layers [begin, end) make for those behind them,
// if it is one tensor and they can be made in tiles; else -1. `replay`: also if
// an input of the net would have to come again.
int tile_result(const Net&, const std::vector<TensorUses>&, int begin, int end,
                bool replay);

// Returns tiles that are about equally wide.
TileRun even_tiles(const Net&, int result, int begin, int end, int tiles);

// Returns the tensors between layers of a run whose columns may be kept, and of
// which the layers behind need more columns than they make: those that a window
// reads or a bottleneck begins with. They are in the order in which they are
// made.
std::vector<int> keepable(const Net&, const std::vector<TensorUses>&, int begin,
                          int end);

// The boxes that each tile makes and holds: all rows and channels, some
// columns.
struct TileBoxes {
  struct Held {
    int tensor = -1;
    Box box;
  };
  std::vector<std::vector<Box>> made;   // by tile, then layer of the run
  std::vector<std::vector<Held>> held;  // by tile; not the result
  // By tile: the columns that it holds but takes from the tile before.
  std::vector<std::vector<Held>> taken;
};
TileBoxes tile_boxes(const Net&, const std::vector<TensorUses>&, int result,
                     const TileRun&);

class TileNet {
 public:
  // `runs`: in the order of the layers; each must be possible. `once`: the
  // columns that a tile keeps lie over those that the tile before it kept.
  TileNet(const Net&, const std::vector<TensorUses>&,
          const std::vector<TileRun>& runs, bool once = true);

  const Net& net() const { return net_; }
  // Positions at which a stage must end: behind each tile.
  const std::vector<int>& stops() const { return stops_; }
  // By layer of net(): that of the given net; -1: a copy.
  const std::vector<int>& layers() const { return layer_of_; }
  // Turns a node, or all nodes and streams, that were planned for net() into
  // those of the given net.
  void restore(PlanNode&) const;
  void restore(Plan&) const;

 private:
  struct Place {
    int tensor = -1;  // of the given net
    int x0 = 0;       // where it begins there
  };
  void add_run(const Net&, const std::vector<TensorUses>&, const TileRun&);
  void add_layer(const Net&, int layer);
  void add_copy(int from, int to, const Box&);
  int add_tensor(const Net&, const TileBoxes::Held&);

  const bool once_;
  Net net_;
  std::vector<int> stops_, layer_of_, input_of_;
  std::vector<Place> places_;  // by tensor
};

// Tiles of a net that several nodes share: within a tile, nodes have the rows
// and channels that they would have of the whole layer, and the same part of
// its columns.

// Returns the runs of Cuts::tiles. Throws Error(kUsage) for layers that cannot
// be made in tiles, or not without rows of an input that come again (`replay`).
OrMisfit<std::vector<TileRun>> tile_runs(const Net&, const Cuts&, bool replay);

// Returns these cuts for the layers of `tiles`, whose runs keep no columns. A
// segment ends behind each tile.
Cuts tile_cuts(const Net&, const TileNet& tiles, const Cuts&);

}  // namespace shoal
