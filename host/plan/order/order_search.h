// In which order a net's layers take least memory where stages end. A set of
// layers that holds all that must come before them is an *ideal*; a stage is
// what lies between two of them. So the stages of every order are the paths
// through the ideals, and of these the one whose largest stage is smallest is
// found by a dynamic program, with the bytes that searches for stages know
// (host/plan/search/stages.h): tensors that go beyond a stage whole, rings of
// one row a firing for others. design/orders.md has the bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/plan/order/layer_graph.h"

namespace shoal {

// The bytes that stages hold.
struct OrderBytes {
  std::vector<int64_t> whole, ring;  // by tensor
  std::vector<int64_t> sums;         // by layer
};
OrderBytes order_bytes(const Net&, const LayerGraph&);

struct OrderOptions {
  // Ideals of as many layers, those with fewest bytes alive first.
  int most_ideals = 64;
  // Steps from one ideal to the next, in all stages that are looked at. Where
  // they do not suffice, fewer ideals are looked at.
  int64_t most_steps = 2'000'000;
};

struct OrderFound {
  LayerOrder order;
  int64_t bytes = 0;  // of its largest stage
  // In the order of the net.
  int64_t own_bytes = 0;
  int64_t ideals = 0, steps = 0;  // looked at
};

// Returns an order whose largest stage is smaller than that of the net's own;
// none if the search finds none.
std::optional<OrderFound> find_order(const LayerGraph&, const OrderBytes&,
                                     const OrderOptions& = {});

// Returns the bytes of the largest stage, if layers are done in this order and
// stages end where that is best.
int64_t largest_stage(const LayerGraph&, const OrderBytes&, const LayerOrder&);

}  // namespace shoal
