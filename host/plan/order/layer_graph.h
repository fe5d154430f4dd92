// The order that layers of a net must keep, and the tensors that each of them
// touches.
#pragma once

#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// The numbers of layers in the net, by position.
using LayerOrder = std::vector<int>;

struct LayerGraph {
  explicit LayerGraph(const Net&);

  int layers() const { return static_cast<int>(before.size()); }
  // Returns whether the net's own order is the only one, constants aside.
  bool has_one_order() const;
  // Returns whether each layer is there once, behind all that must come before
  // it.
  bool holds(const LayerOrder&) const;

  std::vector<TensorUses> uses;  // in the net's own order
  // By layer, ascending: the layers that must come before it. A reader comes
  // behind all writers that are before it in the net, and before all others.
  std::vector<std::vector<int>> before;
  // Says by layer whether it reads nothing. Such a layer may come just before
  // its first reader.
  std::vector<bool> is_constant;
  // By layer: tensors that it touches, each once, without variables.
  std::vector<std::vector<int>> touches;
  // By tensor, ascending: the layers that touch it, and those that write it.
  std::vector<std::vector<int>> touched_by, written_by;
  std::vector<bool> is_output;  // by tensor
};

// Returns the net with its layers in another order, which `graph.holds()`.
Net in_order(const Net&, const LayerOrder&);
// Turns a plan of that net into one of the net that it was made from.
void restore_layers(const LayerOrder&, Plan&);

}  // namespace shoal
