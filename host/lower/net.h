// The canonical network that is planned and run: layers over row-major HWC
// tensors. host/lower makes it from a Graph: activations fused, PAD folded
// into convolutions where that is exact, views (RESHAPE, SQUEEZE, SPLIT,
// unit-stride slices, CONCATENATION) gone into boxes of tensors, TRANSPOSE
// gone into the order of axes, unary operators turned into tables, constants
// into kConstant layers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "device/program/image.h"
#include "host/base/box.h"
#include "host/model/graph/graph.h"

namespace shoal {

// The output of a layer, or an input of the net: a sequence of rows.
struct NetTensor {
  std::string name;
  int rows = 1, columns = 1, channels = 1;
  int element_bytes = 1;  // 2: int16 (host/model/graph/wide.h)
  // Its rows are the columns of the file's picture, and its columns the rows.
  bool turned = false;
  // The number of the model's frames that lie in it one below the other; see
  // batch.h.
  int frames = 1;
  // Whose bytes it takes row by row, in a stage that uses that one up: columns
  // that one tile kept and the next one keeps (host/plan/draft/tile_net.h).
  int over = -1;
  int64_t bytes() const {
    return int64_t{1} * rows * columns * channels * element_bytes;
  }
  Box box() const { return {0, rows, 0, columns, 0, channels}; }
};

// A box of a tensor; tensor -1 is none.
struct View {
  int tensor = -1;
  Box box;
  bool operator==(const View&) const = default;
};

// In the canonical layouts of device/program/chunk.h, all channels.
struct LayerWeights {
  std::vector<int8_t> values;
  bool int4 = false;                 // they have four bits in images
  std::vector<int32_t> bias;         // folded where chunk.h says so
  std::vector<int32_t> multipliers;  // with a part of long biases; see chunk.h
  std::vector<int8_t> shifts;
  bool empty() const { return values.empty() && bias.empty(); }
};

// One operation of the net; an operator of the model becomes one, several or
// none. The fields are ActorRecord's; see device/program/image.h.
struct Layer {
  OpCode op{};
  std::string name;  // of the operator's output tensor
  int file_op = -1;  // number of the operator in the file
  View in[2];
  View out;
  int kernel_h = 1, kernel_w = 1, stride_y = 1, stride_x = 1;
  int dilation_y = 1, dilation_x = 1, pad_top = 0, pad_left = 0;
  int depth_multiplier = 1;
  bool reduce_columns = false, reduce_channels = false;
  int zero_in = 0, zero_weight = 0, zero_out = 0;
  int act_min = -128, act_max = 127;
  bool is_wide = false;  // an operand or the result is of int16
  std::vector<int32_t> params;
  std::vector<uint16_t> row_map, column_map;  // kResize
  LayerWeights weights;
  // The layer that has the same weights and comes first of those that do; -1:
  // itself. They count, and lie in an image, once.
  int weights_of = -1;
  int64_t macs = 0;
  // In nets that only the planner sees (host/plan/draft/group_net.h): the
  // layers of another net that this one stands for. They fire as one, for a
  // part of the channels between them at a time, and for at least `loop_band`
  // rows.
  std::vector<const Layer*> loop;
  int loop_groups = 0, loop_band = 1;
};

// How a tensor of the file lies in the network: element (i0, i1, ...) of the
// file's tensor, whose axes are permuted by `perm` (axis k of the network's
// order is axis perm[k] of the file's shape), is, in row-major order of the
// permuted shape, the element of the same number in the view's box.
struct FilePlace {
  View view;
  std::vector<int> perm;  // empty: identity
};

enum class Conversion : uint8_t {
  kNone,        // int8 or int16
  kFlip,        // uint8 in the file: bytes XOR 0x80
  kQuantize,    // float32 in the file: round half away(x / scale) + zero
  kNumber,      // of an output: a byte's number under the file's type
  kPlace,       // of an output: two bytes without a sign, the low one first
  kDigits,      // of an output: the digits of a number, see graph/digits.h
  kQuantize16,  // as kQuantize, to int16, whose zero is 0
};
struct NetIo {
  int file_tensor = -1;
  FilePlace place;
  Conversion conversion = Conversion::kNone;
  float scale = 1;
  int zero = 0;
};

// A tensor that lives from frame to frame: `before` is made by no layer and
// holds what the frame before has left, layers make `after`, which none reads.
// Both have the same rows, columns and channels.
struct NetVariable {
  std::string name;
  int before = -1, after = -1;
  std::vector<int> perm;        // see FilePlace; both tensors lie so
  std::vector<int8_t> initial;  // bytes of the first frame, row by row
};

struct Net {
  std::string name;
  std::vector<NetTensor> tensors;
  std::vector<Layer> layers;   // each reads only what earlier ones wrote
  std::vector<NetIo> inputs;   // one per model input
  std::vector<NetIo> outputs;  // one per model output, in model order
  std::vector<NetVariable> variables;  // one per variable of the graph
  // One per tensor of the file: where its bytes appear, if any layer makes
  // them; else they are derived from the operator's inputs (traces).
  // In a batch: those of its first frame.
  std::vector<std::optional<FilePlace>> places;
  int frames = 1;          // of the model in one of this net; see batch.h
  int64_t model_macs = 0;  // of all frames
};

// Throws Error(kUnsupported) naming every operator that cannot run.
Net lower(const Graph&);

}  // namespace shoal
