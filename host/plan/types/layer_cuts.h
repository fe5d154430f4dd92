// The cut of each layer: the nodes that own boxes of the layer's output. Own
// boxes partition the layer's out box; a node without one has no share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/base/box.h"

namespace shoal {

enum class CutKind : uint8_t {
  kOne,      // a single node has all of it
  kGrid,     // rows x columns, all channels
  kOutputs,  // output channels (kernel-wise; of a fully connected layer:
             // neuron-wise), all rows and columns
  kInputs,   // input channels: every node sums its own for all outputs as
             // int32; each output slice is finished by its owner
};

// A node's part of a layer. The box that it computes may be larger than the box
// that it owns, by rows and columns of neighbours that windows read (the halo).
struct Share {
  int node = -1;
  Box own;  // of the layer's out box, in tensor coordinates; not empty
  // Only for kInputs: the input channels that this node sums, in tensor
  // coordinates.
  int in0 = 0, in1 = 0;
  bool operator==(const Share&) const = default;
};

// How a layer is divided among nodes.
struct LayerCut {
  CutKind kind = CutKind::kOne;
  // kGrid: of the grid, as requested; of bands with unlike numbers of nodes,
  // how many there are and the most nodes of one.
  int rows = 1, columns = 1;
  std::vector<Share> shares;  // own boxes disjoint, together the out box
  // True if halo columns come from their owners, row by row, also within a
  // segment; all nodes must make all rows. False: each node computes them
  // itself.
  bool sends_halo = false;
  bool operator==(const LayerCut&) const = default;
};
// Adds numbers in which the cut differs from others of the same layer.
inline void add_to_key(const LayerCut& cut, std::vector<int>& key) {
  key.insert(key.end(), {static_cast<int>(cut.kind), int{cut.sends_halo},
                         static_cast<int>(cut.shares.size())});
  for (const Share& s : cut.shares) {
    const Box& b = s.own;
    key.insert(key.end(),
               {s.node, b.y0, b.y1, b.x0, b.x1, b.c0, b.c1, s.in0, s.in1});
  }
}

// The choices for a run of layers, of a file or of the search.
struct BlockChoice {
  int begin = 0, end = 0;   // layers
  std::optional<int> band;  // rows a firing
  int groups = 1;           // channel groups (a loop) of expand..project
  bool operator==(const BlockChoice&) const = default;
};

// A run of layers that is made some columns of its result at a time
// (host/plan/draft/tile_net.h): within each tile the layers are cut as they
// are without tiles.
struct TileChoice {
  int begin = 0, end = 0;  // layers
  int tiles = 2;
  bool operator==(const TileChoice&) const = default;
};

struct Cuts {
  std::string strategy;          // by name, or the file's name
  std::vector<LayerCut> layers;  // one per layer of the net
  // The layers behind which a segment must end, and those behind which none may
  // end.
  std::vector<int> ends;
  std::vector<int> joined;
  std::vector<BlockChoice> blocks;
  std::vector<TileChoice> tiles;  // in the order of the layers, disjoint
};

}  // namespace shoal
