// A net cut over nodes, and its layers cut into segments: what every node
// computes of every layer, and what it reads to do so.
//
// In a segment a node computes itself what it reads of its neighbours' rows and
// columns, except for columns of a layer that sends its halo; those, and other
// channels, come from their owners, row by row, which all are at the same rows
// at the same time. What comes from other segments is exchanged as a whole.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "host/plan/cuts/cuts.h"
#include "host/plan/types/misfit.h"
#include "host/plan/types/segment.h"

namespace shoal {

// The part of a draft that does not depend on where segments end.
struct CutNet {
  const Net& net;
  const Cuts& cuts;
  int nodes = 0;
  std::vector<TensorUses> uses;
  LiveTensors live;
  std::vector<std::vector<Box>> own;  // by layer, then node
  // kInputs: by layer, then node; empty for all other layers.
  std::vector<std::vector<Share>> chain;
  // By layer: rows a firing as asked for, or 0.
  std::vector<int> band;
  // Channel groups: runs of layers that fire as one. By layer: its loop, -1.
  struct Loop {
    int begin = 0, end = 0;
    int groups = 1;
    int widest = 0;  // channels of the largest group that the first layer makes
  };
  std::vector<Loop> loops;
  std::vector<int> loop_of;
  // Returns whether the layer's result exists within a loop only.
  bool is_inner(int layer) const {
    return loop_of[layer] >= 0 && layer + 1 < loops[loop_of[layer]].end;
  }

  // Why it cannot be: groups that layers cannot have. None: it can.
  std::optional<Misfit> misfit;

  // The last answer of read_box(), by layer, operand and node: searches ask for
  // the same boxes again and again. So a cut net is for one thread.
  struct Read {
    Box made, box;
  };
  mutable std::vector<std::array<Read, 2>> reads;

  CutNet(const Net&, const Cluster&, const Cuts&);

 private:
  void add_blocks();
};

// Behind which layer channel groups end that begin with this one, before
// `end`; -1: none may, or a layer there has some already.
int loop_end(const CutNet&, int begin, int end);

using Segments = std::vector<Segment>;

// Returns the segment of each layer.
std::vector<int> segment_of_layers(const Segments&, int layers);

// Boxes that nodes compute: by layer, then node.
using MadeBoxes = std::vector<std::vector<Box>>;

// Returns what node `node` reads to make `made` of a layer; empty if it makes
// nothing. The box is a port's: one row or column in place of none, where all
// is padding.
Box read_box(const CutNet&, int layer, int operand, int node, const Box& made);

// Fills what one segment computes; false if nodes could not be at the same
// rows at the same time, so that a segment must end within.
bool compute_boxes(const CutNet&, Segment, MadeBoxes& made);
// The same for one layer of a segment that ends at `end`, if `made` has all
// behind it; false: the segment must end behind this layer.
bool compute_layer(const CutNet&, int layer, int end, MadeBoxes& made);

}  // namespace shoal
