// Finds the order of a net's layers whose stages take least memory. An *ideal*
// is a set of layers with all that must come before them; a stage is the
// difference of two ideals. So the stages of every order are a path through the
// ideals. Dynamic programming finds the path whose largest stage is smallest,
// with the bytes that searches for stages count (host/plan/search/stages.h):
// tensors that go beyond a stage whole, others as rings of one row a firing.
// design/orders.md has the bounds.
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
  // The most ideals with one number of layers; those with fewest bytes alive
  // stay.
  int most_ideals = 64;
  // The most steps from one ideal to the next, in all stages together. If they
  // do not suffice, the search is repeated with fewer ideals.
  int64_t most_steps = 2'000'000;
};

struct OrderFound {
  LayerOrder order;
  int64_t bytes = 0;  // of its largest stage
  // Bytes of the largest stage in the net's own order.
  int64_t own_bytes = 0;
};

// Returns an order whose largest stage is smaller than that of the net's own
// order; none if the search finds none.
std::optional<OrderFound> find_order(const LayerGraph&, const OrderBytes&,
                                     const OrderOptions& = {});

// Returns the bytes of the largest stage of this order, with the best ends of
// stages.
int64_t largest_stage(const LayerGraph&, const OrderBytes&, const LayerOrder&);

}  // namespace shoal
