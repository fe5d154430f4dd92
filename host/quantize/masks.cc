#include "host/quantize/masks.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/base/floats.h"
#include "host/model/graph/operators.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/observe.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

constexpr float kNone = std::numeric_limits<float>::infinity();
constexpr float kLeast = -1e30F;  // sums of such values are finite
constexpr int64_t kMaskFrames = 16;
// The share of all values of a row that lie so far below its largest one, and
// further by the logarithm of their number, is below a hundredth of a step of
// the result: 1/256 for int8. TensorFlow Lite's table for int16 ends there,
// too.
constexpr float kBelow = 10;
// Rows whose largest value is below this one may be masked as a whole.
constexpr float kMaskedRow = -1000;
// Beyond the floor by this much a value was put there, not computed.
constexpr float kFarBelow = 32;

// An operator may hand on the floor of its result to an operand, less the most
// that another operand adds (-1: nothing is added).
struct HandsOn {
  bool any = false;
  int added = -1;
};

HandsOn hands_on(const Graph& g, const Op& op, size_t operand) {
  const int t = op.inputs[operand];
  if (t < 0 || is_bool(g.tensors[t])) return {};
  switch (op.kind) {
    case OpKind::kAdd:
      if (std::get<FusedAttr>(op.attr).activation != Activation::kNone) {
        return {};
      }
      return {true, op.inputs[1 - operand]};
    case OpKind::kSelectV2:
      return {operand > 0};
    case OpKind::kDelay:
      return {};
    default:
      return {op_info(op.kind).result >= ResultBytes::kOfOperand};
  }
}

// Returns the floors of all tensors from those of SOFTMAX's operands, by
// operator, and the largest value of each tensor.
std::vector<float> handed_on(const Graph& g, const std::vector<float>& of_rows,
                             const std::vector<float>& highest) {
  std::vector<float> floors(g.tensors.size(), kNone);
  for (const int t : g.outputs) floors[t] = -kNone;
  for (const Variable& v : g.variables) floors[v.after] = -kNone;
  for (const Op& op : g.ops) {
    // The next step of a loop reads it, in front of what makes it.
    if (op.kind == OpKind::kDelay) floors[op.inputs[1]] = -kNone;
  }
  for (size_t i = g.ops.size(); i-- > 0;) {
    const Op& op = g.ops[i];
    for (size_t k = 0; k < op.inputs.size(); ++k) {
      const int t = op.inputs[k];
      if (t < 0) continue;
      float floor = -kNone;
      if (op.kind == OpKind::kSoftmax) {
        floor = of_rows[i];
      } else if (const HandsOn on = hands_on(g, op, k); on.any) {
        floor = kNone;
        for (const int y : op.outputs) floor = std::min(floor, floors[y]);
        if (on.added >= 0) floor -= highest[on.added];
      }
      floors[t] = std::min(floors[t], floor);
    }
  }
  for (float& f : floors) {
    if (f == kNone) f = -kNone;  // nobody reads it
  }
  return floors;
}

std::vector<bool> read_by_softmax_alone(const Graph& g) {
  const std::vector<float> zeros(std::max(g.tensors.size(), g.ops.size()), 0);
  std::vector<bool> result;
  for (const float f : handed_on(g, zeros, zeros)) result.push_back(f == 0);
  return result;
}

// Returns whether some sum or choice is read by SOFTMAX alone.
bool may_have_masks(const Graph& g) {
  if (std::ranges::none_of(
          g.ops, [](const Op& op) { return op.kind == OpKind::kSoftmax; })) {
    return false;
  }
  const std::vector<bool> alone = read_by_softmax_alone(g);
  return std::ranges::any_of(g.ops, [&](const Op& op) {
    return (op.kind == OpKind::kAdd || op.kind == OpKind::kSelectV2) &&
           alone[op.outputs[0]];
  });
}

// The values that the operand of a SOFTMAX has had.
struct SoftmaxRows {
  float lowest = 0;
  float least_top = kNone;  // the least of all rows' largest values
  // The same without rows so low that they may be masked as a whole.
  float least_high_top = kNone;
};

void see(std::span<const float> values, int columns, SoftmaxRows& rows) {
  for (size_t i = 0; i < values.size(); i += static_cast<size_t>(columns)) {
    const auto row = values.subspan(i, static_cast<size_t>(columns));
    const auto [low, high] = std::ranges::minmax(row);
    rows.lowest = std::min(rows.lowest, low);
    // Equal values, as of a row that is masked as a whole, stay equal.
    if (low == high) continue;
    rows.least_top = std::min(rows.least_top, high);
    if (high <= kMaskedRow) continue;
    rows.least_high_top = std::min(rows.least_high_top, high);
  }
}

Graph raised(Graph graph, const std::vector<float>& floors) {
  for (size_t t = 0; t < floors.size(); ++t) {
    Tensor& tensor = graph.tensors[t];
    if (!tensor.constant || floors[t] == -kNone ||
        tensor.type != Type::kFloat32) {
      continue;
    }
    std::vector<float> values = constant_floats(tensor);
    raise_to(floors[t], values);
    tensor.data = bytes_of(values);
  }
  return graph;
}

// Watches frames for what SOFTMAX reads.
class MaskWatch {
 public:
  MaskWatch(const Graph& graph, const Calibration& frames)
      : graph_(graph),
        frames_(frames),
        oracle_(graph),
        rows_(graph.ops.size()),
        highest_(graph.tensors.size(), 0) {}

  void run(int64_t frame) {
    const FloatValues& values = oracle_.run(load_frame(graph_, frames_, frame));
    for (size_t t = 0; t < values.size(); ++t) {
      for (const float v : values[t]) highest_[t] = std::max(highest_[t], v);
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (graph_.ops[i].kind != OpKind::kSoftmax) continue;
      const int x = graph_.ops[i].inputs[0];
      see(values[x], graph_.tensors[x].shape.back(), rows_[i]);
    }
  }

  // Returns the floors of SOFTMAX's operands, by operator; empty: none has one.
  // `all`: rows that may be masked as a whole keep their shares, too.
  std::vector<float> of_rows(bool all) const {
    std::vector<float> floors(rows_.size(), -kNone);
    bool any = false;
    for (size_t i = 0; i < floors.size(); ++i) {
      const Op& op = graph_.ops[i];
      if (op.kind != OpKind::kSoftmax) continue;
      const float beta = std::get<AlphaAttr>(op.attr).value;
      const auto columns =
          static_cast<float>(graph_.tensors[op.inputs[0]].shape.back());
      const float floor = (all ? rows_[i].least_top : rows_[i].least_high_top) -
                          (kBelow + std::log(columns)) / beta;
      if (rows_[i].lowest >= floor - kFarBelow / beta) continue;
      floors[i] = floor;
      any = true;
    }
    return any ? floors : std::vector<float>{};
  }

  const std::vector<float>& highest() const { return highest_; }

 private:
  const Graph& graph_;
  const Calibration& frames_;
  FloatOracle oracle_;
  std::vector<SoftmaxRows> rows_;  // by operator
  std::vector<float> highest_;     // by tensor
};

}  // namespace

Graph with_finite_masks(const Graph& graph) {
  if (!may_have_masks(graph)) return graph;
  std::vector<float> floors(graph.tensors.size(), -kNone);
  const std::vector<bool> alone = read_by_softmax_alone(graph);
  for (size_t t = 0; t < floors.size(); ++t) {
    if (alone[t]) floors[t] = kLeast;
  }
  return raised(graph, floors);
}
std::vector<MaskedGraph> bound_masks(const Graph& graph,
                                     const Calibration& frames) {
  if (!may_have_masks(graph)) return {};
  MaskWatch watch(graph, frames);
  const std::vector<int64_t> some = spread_frames(frames.count, kMaskFrames);
  for (const int64_t f : some) watch.run(f);
  if (watch.of_rows(false).empty()) return {};
  // Each frame's rows count: a row that lies lower than others keeps its
  // shares.
  for (int64_t f = 0; f < frames.count; ++f) {
    if (std::ranges::find(some, f) == some.end()) watch.run(f);
  }
  const auto bounded = [&](const std::vector<float>& of_rows) -> MaskedGraph {
    if (of_rows.empty()) return {graph, {}};
    const std::vector<float> floors =
        handed_on(graph, of_rows, watch.highest());
    return {raised(graph, floors), floors};
  };
  const std::vector<float> all = watch.of_rows(true);
  const std::vector<float> high = watch.of_rows(false);
  std::vector<MaskedGraph> ways = {bounded(all)};
  if (high != all) ways.push_back(bounded(high));
  return ways;
}

}  // namespace shoal
