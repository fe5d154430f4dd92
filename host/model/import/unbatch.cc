// A batch of n is n frames: where every operator keeps the frames apart, one
// of them is what the model computes.
#include <algorithm>
#include <cstring>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

class Unbatching {
 public:
  explicit Unbatching(RawModel& raw) : raw_(raw) {}

  void run() {
    find_batch();
    if (batch_ < 2) return;
    for (const RawOp& op : raw_.ops) {
      if (!keeps_apart(op)) return;
    }
    for (const int t : touched_) {
      RawTensor& tensor = raw_.tensors[static_cast<size_t>(t)];
      tensor.shape[0] /= batch_;
      tensor.signature.clear();
    }
  }

 private:
  const RawTensor& tensor(int t) const {
    return raw_.tensors[static_cast<size_t>(t)];
  }
  std::span<const uint8_t> bytes(int t) const {
    const uint32_t buffer = tensor(t).buffer;
    if (buffer >= raw_.buffers.size()) return {};
    return raw_.buffers[buffer];
  }

  // That of all inputs, which are more than one axis.
  void find_batch() {
    for (const int t : raw_.inputs) {
      const std::vector<int>& shape = tensor(t).shape;
      const int first = shape.size() > 1 ? shape[0] : 0;
      if (batch_ != 0 && batch_ != first) first_differs_ = true;
      batch_ = first;
      touch(t);
    }
    if (first_differs_) batch_ = 0;
  }

  void touch(int t) {
    if (std::ranges::find(touched_, t) == touched_.end()) touched_.push_back(t);
  }

  bool keeps_apart(const RawOp& op) {
    const OpInfo* info = find_op(op.code);
    if (info == nullptr || info->kind == OpKind::kTransposeConv) return false;
    if (!along_frames(op, info->kind)) return false;
    const size_t rank = op.outputs.empty() || op.outputs[0] < 0
                            ? 0
                            : tensor(op.outputs[0]).shape.size();
    for (const auto* list : {&op.inputs, &op.outputs}) {
      for (const int t : *list) {
        if (t < 0 || tensor(t).type == kCodeInt32) continue;
        const std::vector<int>& shape = tensor(t).shape;
        if (!bytes(t).empty()) {
          // A constant beside frames must not have its own for each.
          const bool weights = has_weights(info->kind);
          if (!weights && shape.size() == rank && !shape.empty() &&
              shape[0] != 1) {
            return false;
          }
          continue;
        }
        if (shape.empty() || shape[0] < 1 || shape[0] % batch_ != 0) {
          return false;
        }
        touch(t);
      }
    }
    return true;
  }

  // Whether axis 0 is left alone. Row-major frames stay whole in a RESHAPE.
  bool along_frames(const RawOp& op, OpKind kind) const {
    switch (class_of(kind)) {
      case OpClass::kConvolution:
      case OpClass::kFullyConnected:
      case OpClass::kPool:
      case OpClass::kBinary:
      case OpClass::kUnary:
      case OpClass::kQuantize:
      case OpClass::kDequantize:
      case OpClass::kBlocks:
      case OpClass::kReshape:
        return true;
      case OpClass::kSoftmax:
        return tensor(op.inputs[0]).shape.size() > 1;
      case OpClass::kResize:
      case OpClass::kBilinear:
        return true;
      case OpClass::kJoin:
        return kind == OpKind::kConcatenation && op.options.axis != 0 &&
               op.options.axis !=
                   -static_cast<int>(tensor(op.inputs[0]).shape.size());
      case OpClass::kReduce:
        return op.inputs.size() == 2 && axes_behind(op, op.inputs[1]);
      case OpClass::kPad:
        return op.inputs.size() > 1 && first_numbers_are_zero(op.inputs[1], 2);
      case OpClass::kTranspose:
        return op.inputs.size() == 2 && first_numbers_are_zero(op.inputs[1], 1);
      default:
        return false;
    }
  }

  std::vector<int32_t> numbers(int t) const {
    if (t < 0 || tensor(t).type != kCodeInt32) return {};
    const auto from = bytes(t);
    std::vector<int32_t> out(from.size() / 4);
    if (!out.empty()) std::memcpy(out.data(), from.data(), 4 * out.size());
    return out;
  }

  bool axes_behind(const RawOp& op, int t) const {
    const auto rank = static_cast<int>(tensor(op.inputs[0]).shape.size());
    const std::vector<int32_t> axes = numbers(t);
    return !axes.empty() && std::ranges::none_of(axes, [rank](int axis) {
      return axis == 0 || axis == -rank;
    });
  }

  bool first_numbers_are_zero(int t, size_t count) const {
    const std::vector<int32_t> list = numbers(t);
    return list.size() >= count &&
           std::all_of(list.begin(),
                       list.begin() + static_cast<std::ptrdiff_t>(count),
                       [](int32_t v) { return v == 0; });
  }

  RawModel& raw_;
  int batch_ = 0;
  bool first_differs_ = false;
  std::vector<int> touched_;
};

}  // namespace

void unbatch(RawModel& raw) { Unbatching(raw).run(); }

}  // namespace shoal
