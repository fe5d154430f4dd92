// CONCATENATION of uint8 tensors in scales of their own: TensorFlow Lite
// rescales each to the result's in float32. A QUANTIZE in front does the same
// where its integers give the same bytes, all 256 of them.
#include <algorithm>
#include <array>
#include <cmath>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

bool has_one_scale(const RawTensor& t) {
  return t.type == kCodeUint8 && t.scale.size() == 1 && t.zero.size() == 1 &&
         t.scale[0] > 0 && std::isfinite(t.scale[0]) && t.zero[0] >= 0 &&
         t.zero[0] <= 255;
}

bool same_scale(const RawTensor& a, const RawTensor& b) {
  return a.scale == b.scale && a.zero == b.zero;
}

// Returns whether all products of the kernel are finite.
bool is_in_range(const RawTensor& x, const RawTensor& y) {
  return std::isfinite(255 * (x.scale[0] * (1.f / y.scale[0])));
}

using Bytes256 = std::array<uint8_t, 256>;

// TensorFlow Lite's ConcatenationWithScaling.
Bytes256 rescaled(const RawTensor& x, const RawTensor& y) {
  const float inverse = 1.f / y.scale[0];
  const float scale = x.scale[0] * inverse;
  const float bias = -static_cast<float>(x.zero[0]) * scale;
  Bytes256 out{};
  for (size_t q = 0; q < out.size(); ++q) {
    const float scaled = static_cast<float>(q) * scale;
    const float v = std::round(scaled + bias) + static_cast<float>(y.zero[0]);
    out[q] = static_cast<uint8_t>(std::clamp(v, 0.f, 255.f));
  }
  return out;
}

// The same by QUANTIZE's integers.
Bytes256 quantized(const RawTensor& x, const RawTensor& y) {
  const auto table = quantize_table(x, y);
  Bytes256 out{};
  for (size_t q = 0; q < out.size(); ++q) {
    out[q] = static_cast<uint8_t>(table[q] + 128);
  }
  return out;
}

class Rescaling {
 public:
  Rescaling(RawModel& raw, MadeBytes& made) : raw_(raw), made_(made) {}

  void run() {
    std::vector<RawOp> ops;
    for (RawOp& op : raw_.ops) {
      if (op.code == op_info(OpKind::kConcatenation).code &&
          op.outputs.size() == 1) {
        for (int& t : op.inputs) t = operand(t, op.outputs[0], ops);
      }
      ops.push_back(std::move(op));
    }
    raw_.ops = std::move(ops);
  }

 private:
  int operand(int t, int result, std::vector<RawOp>& ops) {
    if (t < 0) return t;
    const RawTensor x = raw_.tensors[static_cast<size_t>(t)];
    const RawTensor& y = raw_.tensors[static_cast<size_t>(result)];
    if (!has_one_scale(x) || !has_one_scale(y) || same_scale(x, y) ||
        !is_in_range(x, y)) {
      return t;
    }
    const Bytes256 meant = rescaled(x, y);
    if (meant != quantized(x, y)) return t;  // refused later
    RawTensor made = x;
    made.name += ":rescaled";
    made.scale = y.scale;
    made.zero = y.zero;
    made.buffer = rescaled_bytes(x, meant);
    const auto number = static_cast<int>(raw_.tensors.size());
    if (made.buffer == 0) {
      RawOp op;
      op.code = op_info(OpKind::kQuantize).code;
      op.options.code = static_cast<int>(OptionsCode::kQuantize);
      op.inputs = {t};
      op.outputs = {number};
      ops.push_back(std::move(op));
    }
    raw_.tensors.push_back(std::move(made));
    return number;
  }

  // Returns the buffer of a rescaled constant; 0, the format's empty buffer,
  // for a tensor that is computed.
  uint32_t rescaled_bytes(const RawTensor& x, const Bytes256& table) {
    if (x.buffer >= raw_.buffers.size()) return 0;
    const auto from = raw_.buffers[x.buffer];
    if (from.empty()) return 0;
    std::vector<uint8_t>& bytes = made_.emplace_back(from.begin(), from.end());
    for (uint8_t& b : bytes) b = table[b];
    raw_.buffers.emplace_back(bytes);
    return static_cast<uint32_t>(raw_.buffers.size()) - 1;
  }

  RawModel& raw_;
  MadeBytes& made_;
};

}  // namespace

void rescale_joins(RawModel& raw, MadeBytes& made) {
  Rescaling(raw, made).run();
}

}  // namespace shoal
