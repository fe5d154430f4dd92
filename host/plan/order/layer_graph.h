// The order that a net's layers must keep, and the tensors that each of them
// touches.
#pragma once

#include <cstdint>
#include <vector>

#include "host/lower/net.h"
#include "host/plan/types/plan.h"
#include "host/plan/types/uses.h"

namespace shoal {

// A layer's number in the net, by position.
using LayerOrder = std::vector<int>;

struct LayerGraph {
  explicit LayerGraph(const Net&);

  int layers() const { return static_cast<int>(before.size()); }
  // Returns whether there is no order but the net's own, constants aside.
  bool has_one_order() const;
  // Each layer once, behind all that must come before it.
  bool holds(const LayerOrder&) const;

  std::vector<TensorUses> uses;  // in the net's own order
  // By layer, ascending: layers that must come before it. A reader comes behind
  // all writers that are before it in the net, and before all others.
  std::vector<std::vector<int>> before;
  // By layer: it reads nothing, so it may come just before its first reader.
  std::vector<bool> is_constant;
  // By layer, each once, without variables.
  std::vector<std::vector<int>> touches;
  // By tensor, ascending: layers that touch it, and those of them that write.
  std::vector<std::vector<int>> touched_by, written_by;
  std::vector<bool> is_output;  // by tensor
};

// Returns the net with its layers in another order, which `graph.holds()`.
Net in_order(const Net&, const LayerOrder&);
// A plan of that net becomes one of the net that it was made from.
void restore_layers(const LayerOrder&, Plan&);

}  // namespace shoal
