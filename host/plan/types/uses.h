// The layers that write and read each tensor of a Net, and their positions in
// the order of layers. The position of a layer is its number. An input is
// pushed where its tensor is first touched, an output is taken where its tensor
// is last written. A spilled tensor goes to storage where it is last written,
// and comes back where the copy that is read is first touched.
#pragma once

#include <vector>

#include "device/program/geometry.h"
#include "host/lower/net.h"
#include "host/plan/types/plan.h"

namespace shoal {

struct Use {
  Owner owner = Owner::kActor;
  int index = 0;    // layer, input or output of the net
  int operand = 0;  // of a reading layer
  int position = 0;
  Box box;
};

struct TensorUses {
  std::vector<Use> writers, readers;
  int first_write = 0, last_write = 0;
  int first = -1, last = -1;  // positions of any use; -1: never used
  // The number of the variable whose value before or after the frame it is; -1:
  // none. Such a tensor is never packed: it has no first or last use.
  int variable = -1;
  // The position at which the tensor that comes from storage went there; -1: it
  // does not come from storage. No stage has both.
  int stored_at = -1;
  int stored_as = -1;  // the tensor that it is a copy of
  // The bytes of a page buffer of each spill; 0: the tensor has none.
  int64_t page_bytes = 0;

  // Calls `look` for each writer and each reader.
  template <class Look>
  void each(const Look& look) const {
    for (const Use& u : writers) look(u);
    for (const Use& u : readers) look(u);
  }
};

// Rows of `from` go to storage and come back as tensor `to` of the same shape.
struct SpillEdge {
  int from = -1, to = -1;
  bool operator==(const SpillEdge&) const = default;
};
struct Spilling {
  std::vector<SpillEdge> edges;
  int64_t page_bytes = 0;
};

std::vector<TensorUses> find_uses(const Net&, const Spilling& = {});

// Renumbers the owners of weights in a net whose layers were taken from another
// one: of layers with the same owner there, the first one here has the weights.
// `layer_of`: by layer, its number there; -1: it has none.
void renumber_weights(const std::vector<int>& layer_of, Net&);

// The rows that a layer makes in one firing: `band` rows, or, if its window is
// cut, `part` kernel rows of one row.
struct LayerWork {
  int band = 1;
  int part = 1;
  bool operator==(const LayerWork&) const = default;
};
using Work = std::vector<LayerWork>;  // one per layer

// Returns whether one row of output reads the whole window, so that rows may be
// consumed one by one: fully connected layers over a picture, means, pools.
bool reads_all_for_one_row(const Layer&);
// Returns whether the window must be cut, because a kernel gets at most
// kMaxWindowRows rows.
bool must_cut_window(const Layer&);
// Returns the work of a share of `rows` rows that fires `passes` times, or once
// per row if there are fewer rows, within the limits of a program.
LayerWork work_for(const Layer&, int rows, int passes);
// Returns bands with which each layer fires `passes` times a frame, or once per
// row if it has fewer rows.
Work uniform_work(const Net&, int passes);

RowRule row_rule(const Layer&, int operand, LayerWork);
// Returns the rule of a share: its rows count from the boxes that the node
// reads and makes. `map` receives the rule's map, and must outlive the rule.
RowRule row_rule(const Layer&, int operand, LayerWork, const Box& in,
                 const Box& out, std::vector<uint16_t>& map);
// Return the bytes of the private sums of a layer; 0 if its window is not cut.
// For layers that fire as one (Layer::loop) they include the private buffers.
uint32_t sums_bytes(const Layer&, LayerWork);
uint32_t sums_bytes(const Layer&, LayerWork, const Box& out);

}  // namespace shoal
