// Cuts of one layer among given nodes: what strategies and the file of cuts
// are put together from. A cut that the operator or its size cannot take
// becomes the next best: a grid the channels, channels one node.
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
  // Least of `most` nodes with the highest weights, in the same order.
  Crew strongest(size_t most) const;
  double sum() const;
};
Crew whole_crew(const Cluster&);

LayerCut cut_one(const Layer&, int node);
LayerCut cut_outputs(const Layer&, const Crew&);
LayerCut cut_inputs(const Layer&, const Crew&);
// Returns a grid of rows x columns of nodes, row by row; another one where the
// layer is too small for it, such that the largest share is the least.
LayerCut cut_grid(const Layer&, const Crew&, int rows, int columns);

// A grid whose boxes are cut by output channels, too: rows x columns x parts
// cells. `kPartsFirst`: neighbours in the crew have parts of one box, then come
// its columns; `kPartsBetween`: columns of one part; `kPartsLast`: grids of one
// part each.
enum class CellOrder : uint8_t { kPartsFirst, kPartsBetween, kPartsLast };
struct Cells {
  int rows = 1, columns = 1, parts = 1;
  CellOrder order = CellOrder::kPartsFirst;
  int count() const { return rows * columns * parts; }
  bool operator==(const Cells&) const = default;
};
// Cuts the layer over the crew's first nodes; none if the layer has no room for
// just these.
std::optional<LayerCut> cut_cells(const Layer&, const Crew&, const Cells&);
// Returns the same cells of the same nodes, whose weights (by node) are others;
// none if there is nothing to weigh.
std::optional<LayerCut> reweighed(const Layer&, const LayerCut&,
                                  const std::vector<double>& weights);

}  // namespace shoal
