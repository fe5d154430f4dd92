// Cuts of layers: made by a strategy or read from a file (--cuts), and what
// operators allow. Also the nodes of a file (--cluster).
#pragma once

#include <string>
#include <vector>

#include "host/base/box.h"
#include "host/lower/net.h"
#include "host/plan/types/cluster.h"
#include "host/plan/types/layer_cuts.h"

namespace shoal {

// Returns the box of operand `operand` that the layer reads to make `out`, a
// box of its out box that is not empty; in tensor coordinates. If all rows or
// columns lie on padding or fill, there are none of them, at the nearest end of
// the view.
Box needed_box(const Layer&, int operand, const Box& out);
// Returns the box of a port that reads this, which serves every operator: with
// one row, column or channel of the view in place of none.
Box port_box(const Layer&, int operand, const Box& out);

// Return whether the operator allows the cut and has room for it.
bool can_cut_rows(const Layer&);
bool can_cut_columns(const Layer&);
bool can_cut_outputs(const Layer&);
bool can_cut_inputs(const Layer&);
// Return the units of cuts: they lie at multiples of these from the start of
// the out box (depth multiplier; blocks of kDepthToSpace; steps of kTranspose).
int output_granule(const Layer&);
int row_granule(const Layer&);
int column_granule(const Layer&);

// Divides `extent` units among nodes with these weights. Returns boundaries 0 =
// b0 <= ... <= bn = extent, multiples of `granule` except for the last one. The
// largest size / weight is as small as possible; among those, boundaries are
// nearest to the exact proportions, so that cuts of neighbouring layers are
// alike. A node may get none. Weights must not all be 0.
std::vector<int> cut_extent(int extent, const std::vector<double>& weights,
                            int granule = 1);

// Cuts by strategy; a layer that cannot be cut so is made by one node.
//   layer    contiguous runs of layers of equal modelled time
//   kernel   output channels; positions for convolutions with a single one
//   spatial  a grid of `grid_rows` x `grid_columns` for every layer. What is 0
//            is chosen among the factorizations of the number of nodes: the
//            least sum over layers of the slowest node's time, compute and
//            what it lacks of the layer's operands over its link; of grids
//            within 1 % the one with the fewest rows. A map smaller than the
//            grid has the grid that gives the least largest share, a single
//            pixel is cut by output channels.
//   heads    as `spatial`, but each head of attention on nodes of its own, as
//            heads.h says
// Throws Error(kUsage) for an unknown one, which names those for all nets.
struct StrategyOptions {
  std::string strategy;
  int grid_rows = 0, grid_columns = 0;
};
Cuts make_cuts(const Net&, const Cluster&, const StrategyOptions&);
// Returns the same over some of the nodes, in any order. The others have no
// share.
Cuts make_cuts_over(const Net&, const Cluster&, std::vector<int> nodes,
                    const StrategyOptions&);
// Return all strategies, and as one text, "a, b, c".
const std::vector<std::string>& strategy_names();
std::string strategy_list();
// Return names in the order in which searches try them.
// general_strategies: those that apply to every net. strategies_for: also
// `heads`, if the net has attention.
std::vector<std::string> general_strategies();
std::vector<std::string> strategies_for(const Net&);

// Returns the layers at which neighbours best exchange the columns that windows
// read. Among the tensors between two consecutive windows (kernels of several
// columns), it is the one with the shortest rows, the last of equal ones.
std::vector<bool> halo_layers(const Net&);
// Lets these layers send halos where each of several nodes makes all rows of
// some columns. Returns false if no layer does.
bool send_halos(const Net&, Cuts&);

// `toml` is the text of `file`; schema in spec/files.md. Throws Error(kUsage)
// naming file, key and node: duplicate names, two nodes at one address, unknown
// keys, sizes out of range.
Cluster parse_cluster(const std::string& file, const std::string& toml);

// Reads the file of --cuts; schema in spec/files.md. Throws Error(kUsage)
// naming the line or key, the layer and what would be right.
Cuts parse_cuts(const std::string& file, const std::string& toml, const Net&,
                const Cluster&);

}  // namespace shoal
