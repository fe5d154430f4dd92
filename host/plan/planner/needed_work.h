// The work that every plan has to do, on whatever nodes: what it computes,
// reads and moves. Rows and columns that no output needs (a convolution with a
// stride and a narrow window skips them) do not count, because a plan may leave
// them out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/board/board.h"
#include "host/lower/net.h"

namespace shoal {

// Kinds of work with a cost per unit: a MAC of a kernel, or an element.
enum class WorkKind : uint8_t {
  kPointwise,
  kConv,
  kDepthwise,
  kFullyConnected,
  kTransposed,
  kElement,
  kKinds,
};
using WorkUnits = std::array<double, static_cast<size_t>(WorkKind::kKinds)>;
// Returns the least seconds of a unit on the board. A share of one pixel may
// run as a fully connected layer, so the cheaper of both counts.
double unit_seconds(WorkKind, const Board&);

// Weights that are read together: `bytes` in memory, and the bytes that all
// layers with these weights read.
struct WeightGroup {
  int64_t bytes = 0, reads = 0;
};

struct NeededWork {
  // Units of all layers, and of those that wait for an input of the frame.
  WorkUnits units{}, after_input{};
  std::vector<WeightGroup> weights, weights_after_input;
  int64_t macs = 0;
  int64_t input_bytes = 0, output_bytes = 0;
};

NeededWork needed_work(const Net&);

}  // namespace shoal
