// What every plan has to compute, read and move, whoever does it: rows and
// columns that no output needs (a convolution with a stride and a narrow
// window passes them over) are not counted, because a plan may leave them out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "host/board/board.h"
#include "host/lower/net.h"

namespace shoal {

// By what a unit costs: a MAC of a kernel, an element.
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
// The least that a unit costs on the board: where a share of one pixel would
// be a fully connected layer, the cheaper of both.
double unit_seconds(WorkKind, const Board&);

// Weights that are read together: `bytes` in memory, `reads` as often as
// different layers read them.
struct WeightGroup {
  int64_t bytes = 0, reads = 0;
};

struct NeededWork {
  // `after_input`: of layers that wait for an input of the frame; `units`: of
  // all of them.
  WorkUnits units{}, after_input{};
  std::vector<WeightGroup> weights, weights_after_input;
  int64_t macs = 0;
  int64_t input_bytes = 0, output_bytes = 0;
};

NeededWork needed_work(const Net&);

}  // namespace shoal
