// A net cut over nodes and into segments: what each node computes of each
// layer, and what it reads to do so.
//
// Within a segment a node itself computes the rows and columns of its
// neighbours that it reads, except for columns of a layer that sends its halo.
// Those columns, and other channels, come from their owners row by row, because
// all nodes are at the same rows at the same time. Everything from other
// segments is exchanged as a whole.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/segment.h"

namespace shoal {

// The parts of a draft that do not depend on where segments end.
struct CutNet {
  const Net& net;
  const Cuts& cuts;
  int nodes = 0;
  std::vector<TensorUses> uses;
  LiveTensors live;
  std::vector<std::vector<Box>> own;  // by layer, then node
  // kInputs: by layer, then node; empty for all other layers.
  std::vector<std::vector<Share>> chain;
  // By layer: the requested rows of a firing, or 0.
  std::vector<int> band;
  // Channel groups: runs of layers that fire as one; by layer, its loop or -1.
  std::vector<BlockChoice> loops;
  std::vector<int> loop_of;
  // Returns whether the layer's result exists within a loop only.
  bool is_inner(int layer) const {
    return loop_of[layer] >= 0 && layer + 1 < loops[loop_of[layer]].end;
  }

  // The reason why groups are impossible: layers that cannot have them. None:
  // they are possible.
  std::optional<Misfit> misfit;

  // The last answer of read_box(), by layer, operand and node, because searches
  // ask for the same boxes again and again. A cut net is therefore for one
  // thread.
  struct Read {
    Box made, box;
  };
  mutable std::vector<std::array<Read, 2>> reads;

  CutNet(const Net&, const Cluster&, const Cuts&);

 private:
  void add_blocks();
};

// Returns behind which layer, up to `end`, channel groups end that begin with
// this layer; -1: the layers cannot have groups, or have some already.
int loop_end(const CutNet&, int begin, int end);

// Returns whether each node that reads the layer's result should make all that
// it reads: constants are in every program, and what needs its whole operand
// would otherwise be sent a second time, as the result.
bool is_repeated(const Layer&);

using Segments = std::vector<Segment>;

// Returns the segment of each layer.
std::vector<int> segment_of_layers(const Segments&, int layers);

// The boxes that nodes compute: by layer, then node.
using MadeBoxes = std::vector<std::vector<Box>>;

// Returns what node `node` reads to make `made` of a layer; empty if it makes
// nothing. The box is a port's: one row or column in place of none, where all
// is padding.
Box read_box(const CutNet&, int layer, int operand, int node, const Box& made);

// Fills in what one segment computes. Returns false if nodes could not be at
// the same rows at the same time, so that a segment must end within it.
bool compute_boxes(const CutNet&, Segment, MadeBoxes& made);
// Does the same for one layer of a segment that ends at `end`; `made` has all
// layers behind it. Returns false if the segment must end behind this layer.
bool compute_layer(const CutNet&, int layer, int end, MadeBoxes& made);

}  // namespace shoal
