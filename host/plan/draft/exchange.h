// Finds where rows lie and how they travel, given what each node makes of each
// layer in each segment.
//
// What a node makes of a tensor lies in its *home*: a ring, or held whole if a
// later segment reads it. A layer reads the home if that has all that it reads.
// Otherwise it reads a *gather*, a ring of the segment of the layer: streams
// bring the rows that others own, and copies those in homes of its own node. So
// a buffer that sends waits only for the node's own layers, and nodes that
// exchange rows both ways never wait for each other.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "host/plan/draft/cut_net.h"

namespace shoal {

// A buffer for what a node makes of a tensor.
struct Home {
  int node = 0, tensor = -1;
  int input = -1;     // number of the net's input that fills it; -1: layers do
  bool kept = false;  // left by the frame before; false: layers write it
  Box box = {};
  int segment = 0;       // in which it is first written
  int written = -1;      // position of its last writing layer
  int last_segment = 0;  // the last one that reads or sends it
  bool whole() const { return last_segment > segment; }
};

// Returns the boxes that nodes make in these segments, and of the values that
// variables have after the frame; none if a segment cannot be one.
std::optional<MadeBoxes> made_boxes(const CutNet&, const Segments&);

// Rows that a node copies from one of its homes to a gather.
struct Copy {
  int home = -1;
  Box box;
};

// A buffer of what a node reads of a tensor, filled by streams from the homes
// of other nodes and by copies.
struct Gather {
  int node = 0, tensor = -1, segment = 0;
  Box box = {};
  std::vector<Copy> copies = {};
};

// int32 rows on their way from one node of a chain to the next.
struct Partial {
  int layer = -1;
  int from = 0, to = 0;  // nodes
  Box box;               // of the layer's out tensor
};

// The rows of a box on their way from one node to others.
struct DraftStream {
  int tensor = -1, segment = 0;
  Box box;
  int home = -1;                  // from; -1: partial rows
  std::vector<int> gathers = {};  // to
  int partial = -1;
};

// The source of a layer's operand on a node: a home or a gather.
struct Source {
  int home = -1, gather = -1;
  Box box;
};

struct Exchange {
  std::vector<Home> homes;
  std::vector<Gather> gathers;
  std::vector<Partial> partials;
  std::vector<DraftStream> streams;
  struct Output {
    int output = 0, home = -1;
    Box box;
  };
  std::vector<Output> outputs;
  // The sources of a layer's operands on a node, and the home of its output.
  struct Share {
    std::array<Source, 2> sources;
    int home = -1;
  };
  int nodes = 0;
  int first_layer = 0;        // the first that has shares
  std::vector<Share> shares;  // by layer, then node
  Share& share(int layer, int node) { return shares[index(layer, node)]; }
  const Share& share(int layer, int node) const {
    return shares[index(layer, node)];
  }

 private:
  size_t index(int layer, int node) const {
    return size_t(layer - first_layer) * size_t(nodes) + size_t(node);
  }
};

Exchange find_exchange(const CutNet&, const Segments&, const MadeBoxes&);

// Returns the exchange of the tensors that one segment touches, with its own
// streams alone, for estimates of its cost. Layers before it are in segment 0,
// those behind it in segment 2; `made` has the boxes that nodes own of these.
inline constexpr int kBefore = 0, kHere = 1;
Exchange find_exchange(const CutNet&, Segment, const MadeBoxes& made);

}  // namespace shoal
