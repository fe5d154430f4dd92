// Cuts of one layer over given nodes, of which strategies and the file of cuts
// are composed. A cut that the operator or its size does not allow becomes the
// next best: output channels in place of a grid, one node in place of channels.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/cuts/cuts.h"

namespace shoal {

// The nodes of a cluster among which layers are cut, in the order in which
// boxes are given to them.
struct Crew {
  std::vector<int> nodes;
  std::vector<double> weights;  // one per node, positive
  // Returns the `most` nodes with the highest weights, or all, in the same
  // order.
  Crew strongest(size_t most) const;
  Crew sorted() const;                        // the strongest first
  void add(const Crew& other, size_t place);  // the node at this place
  double sum() const;

 private:
  std::vector<size_t> by_strength() const;
  Crew some(const std::vector<size_t>& places) const;
};
Crew whole_crew(const Cluster&);
// Returns a crew of these nodes, weighted by their ratings.
Crew rated_crew(const Cluster&, std::vector<int> nodes);

LayerCut cut_one(const Layer&, int node);
LayerCut cut_outputs(const Layer&, const Crew&);
LayerCut cut_inputs(const Layer&, const Crew&);
// Returns a grid of rows x columns, its nodes row by row. Where the layer is
// too small for it, the grid is the one whose largest share is the smallest.
LayerCut cut_grid(const Layer&, const Crew&, int rows, int columns);
// Returns the cut into these boxes, at least one, which together are the
// layer's result. Shares get the order of cells. Boxes that are no grid have
// more cells than shares, so reweighed() leaves them alone.
LayerCut cut_boxes(std::vector<Share>);
// Returns the cut of a transposition in which each node transposes what it owns
// of the operand, whose layer is cut as `operand` says; none if these are not
// boxes of the result.
std::optional<LayerCut> cut_transposed(const Layer&, const LayerCut& operand);

// A grid whose boxes are also cut by output channels: rows x columns x parts
// cells. The order says which cells neighbours in the crew have: `kPartsFirst`,
// parts of one box, then its columns; `kPartsBetween`, columns of one part;
// `kPartsLast`, a whole grid of one part.
enum class CellOrder : uint8_t { kPartsFirst, kPartsBetween, kPartsLast };
struct Cells {
  int rows = 1, columns = 1, parts = 1;
  CellOrder order = CellOrder::kPartsFirst;
  int count() const { return rows * columns * parts; }
  bool operator==(const Cells&) const = default;
};
// Cuts the layer over the crew's first nodes; none if the layer has no room for
// exactly these cells.
std::optional<LayerCut> cut_cells(const Layer&, const Crew&, const Cells&);
// Cuts the layer into bands of rows with unlike numbers of nodes, the strongest
// nodes first, so that the sums of their weights are nearly equal. No grid of
// five or seven nodes has cells that are nearly square, and these have smaller
// halos. None if the layer has no room, or all bands have equally many nodes.
std::optional<LayerCut> cut_bands(const Layer&, const Crew&, int bands);
// Returns the same cells of the same nodes, sized by other weights (by node);
// none if there is nothing to weigh.
std::optional<LayerCut> reweighed(const Layer&, const LayerCut&,
                                  const std::vector<double>& weights);

}  // namespace shoal
