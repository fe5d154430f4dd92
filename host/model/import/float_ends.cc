// A network of float32 whose ends are bytes that nothing computes with: some
// converters quantize what joins the results, because that only moves. Such a
// model is one of float32 (for shoal quantize): a QUANTIZE clamps to what its
// bytes can say and rounds nothing, as with weights of bytes.
#include <algorithm>
#include <cstring>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

class FloatEnds {
 public:
  FloatEnds(RawModel& raw, MadeBytes& made) : raw_(raw), made_(made) {}

  void run() {
    if (!applies()) return;
    std::vector<RawOp> ops;
    std::vector<int> same(raw_.tensors.size());
    for (size_t i = 0; i < same.size(); ++i) same[i] = static_cast<int>(i);
    const auto rename = [&same](std::vector<int>& list) {
      for (int& t : list) {
        if (t >= 0) t = same[static_cast<size_t>(t)];
      }
    };
    for (RawOp& op : raw_.ops) {
      rename(op.inputs);
      if (is(op, OpKind::kDequantize)) {
        const int x = op.inputs[0], y = op.outputs[0];
        same[static_cast<size_t>(y)] = x;
        if (std::ranges::find(raw_.outputs, y) != raw_.outputs.end()) {
          tensor(x).name = tensor(y).name;
        }
      } else if (is(op, OpKind::kQuantize)) {
        clamp(op, ops);
      } else {
        ops.push_back(std::move(op));
      }
    }
    raw_.ops = std::move(ops);
    rename(raw_.outputs);
    for (const int t : bytes_) {
      tensor(t).type = kCodeFloat32;
      tensor(t).scale.clear();
      tensor(t).zero.clear();
    }
  }

 private:
  static bool is(const RawOp& op, OpKind kind) {
    return op.code == op_info(kind).code;
  }
  RawTensor& tensor(int t) { return raw_.tensors[static_cast<size_t>(t)]; }

  // Something computes in float32 and nothing in bytes.
  bool applies() {
    bool floats = false;
    if (!raw_.variables.empty()) return false;
    for (const RawOp& op : raw_.ops) {
      const bool converts =
          is(op, OpKind::kQuantize) || is(op, OpKind::kDequantize);
      const bool one = op.inputs.size() == 1 && op.outputs.size() == 1 &&
                       op.inputs[0] >= 0 && op.outputs[0] >= 0;
      if (converts && (!one || !is_conversion(op))) return false;
      bool bytes = false;
      for (const auto* list : {&op.inputs, &op.outputs}) {
        for (const int t : *list) {
          if (t < 0) continue;
          const int type = tensor(t).type;
          if (type != kCodeInt8 && type != kCodeUint8) continue;
          if (!is_byte_tensor(tensor(t)) || is_constant(t)) return false;
          bytes = true;
          bytes_.push_back(t);
        }
      }
      const bool moves = only_moves(op);
      if (bytes && !converts && !moves) return false;
      floats = floats || (!bytes && !converts && !moves &&
                          !op.outputs.empty() && op.outputs[0] >= 0 &&
                          tensor(op.outputs[0]).type == kCodeFloat32);
    }
    return floats && !bytes_.empty();
  }

  // From bytes or to bytes, of one shape.
  bool is_conversion(const RawOp& op) {
    const RawTensor &x = tensor(op.inputs[0]), &y = tensor(op.outputs[0]);
    const RawTensor& bytes = is(op, OpKind::kQuantize) ? y : x;
    const RawTensor& other = is(op, OpKind::kQuantize) ? x : y;
    return x.shape == y.shape && is_byte_tensor(bytes) &&
           (is_byte_tensor(other) || other.type == kCodeFloat32);
  }

  bool is_constant(int t) {
    return tensor(t).buffer < raw_.buffers.size() &&
           !raw_.buffers[tensor(t).buffer].empty();
  }

  // The ends of what the bytes say, by MAXIMUM and MINIMUM.
  void clamp(const RawOp& quantize, std::vector<RawOp>& ops) {
    const int y = quantize.outputs[0];
    const float scale = tensor(y).scale[0];
    const int zero = int8_zero(tensor(y));
    RawTensor between = tensor(y);
    between.name += ":clamped";
    between.type = kCodeFloat32;
    between.scale.clear();
    between.zero.clear();
    raw_.tensors.push_back(std::move(between));
    const auto middle = static_cast<int>(raw_.tensors.size()) - 1;
    const float low = scale * static_cast<float>(-128 - zero);
    const float high = scale * static_cast<float>(127 - zero);
    limit(OpKind::kMaximum, quantize.inputs[0], low, middle, ops);
    limit(OpKind::kMinimum, middle, high, y, ops);
  }

  void limit(OpKind kind, int x, float value, int y, std::vector<RawOp>& ops) {
    std::vector<uint8_t>& bytes = made_.emplace_back(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    RawTensor constant;
    constant.name = tensor(y).name + ":limit";
    constant.type = kCodeFloat32;
    constant.shape = {1};
    constant.buffer = static_cast<uint32_t>(raw_.buffers.size());
    raw_.buffers.emplace_back(bytes);
    raw_.tensors.push_back(std::move(constant));
    RawOp op;
    op.code = op_info(kind).code;
    op.options.code = static_cast<int>(op_info(kind).options);
    op.inputs = {x, static_cast<int>(raw_.tensors.size()) - 1};
    op.outputs = {y};
    ops.push_back(std::move(op));
  }

  RawModel& raw_;
  MadeBytes& made_;
  std::vector<int> bytes_;
};

}  // namespace

void widen_ends(RawModel& raw, MadeBytes& made) { FloatEnds(raw, made).run(); }

}  // namespace shoal
