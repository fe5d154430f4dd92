// Constants of other widths. Weights of half precision or of bytes: models are
// written with such constants and a DEQUANTIZE behind each, or (dynamic range)
// with operators of float32 that take bytes, and compute in float32. Axes,
// sizes and paddings may be INT64.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <set>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

float widened(uint16_t half) {
  const int exponent = half >> 10 & 31, mantissa = half & 1023;
  float value = std::ldexp(static_cast<float>(mantissa), -24);
  if (exponent == 31) {
    value = mantissa == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent > 0) {
    value = std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
  }
  return half & 0x8000 ? -value : value;
}

std::vector<uint8_t> widened(std::span<const uint8_t> halves) {
  std::vector<uint8_t> out(halves.size() * 2);
  for (size_t i = 0; i < halves.size() / 2; ++i) {
    const auto half =
        static_cast<uint16_t>(halves[2 * i] | halves[2 * i + 1] << 8);
    const float value = widened(half);
    std::memcpy(&out[4 * i], &value, sizeof value);
  }
  return out;
}

std::span<const uint8_t> bytes_of(const RawModel& raw, const RawTensor& t) {
  if (t.buffer >= raw.buffers.size()) return {};
  return raw.buffers[t.buffer];
}

int64_t elements(const std::vector<int>& shape) {
  int64_t total = 1;
  for (const int size : shape) {
    if (size < 1 || total > (int64_t{1} << 31)) return 0;
    total *= size;
  }
  return total;
}

// A constant of half precision, or of bytes with scales.
bool can_widen(const RawModel& raw, int tensor) {
  if (tensor < 0) return false;
  const RawTensor& t = raw.tensors[static_cast<size_t>(tensor)];
  const auto bytes = static_cast<int64_t>(bytes_of(raw, t).size());
  if (bytes == 0 || t.sparsity) return false;
  if (t.type == kCodeFloat16) return bytes % 2 == 0;
  const size_t scales = t.scale.size();
  const bool axis = t.axis >= 0 && static_cast<size_t>(t.axis) < t.shape.size();
  const bool zeros = std::ranges::all_of(
      t.zero, [](int64_t zero) { return zero >= -128 && zero <= 255; });
  return (t.type == kCodeInt8 || t.type == kCodeUint8) && scales > 0 && zeros &&
         (t.zero.size() == 1 || t.zero.size() == scales) &&
         bytes == elements(t.shape) &&
         (scales == 1 || (axis && static_cast<int64_t>(scales) ==
                                      t.shape[static_cast<size_t>(t.axis)]));
}

// As DEQUANTIZE has it: f32(scale * (q - zero)).
std::vector<uint8_t> dequantized(const RawTensor& t,
                                 std::span<const uint8_t> bytes) {
  std::vector<uint8_t> out(bytes.size() * 4);
  int64_t inner = 1;
  for (size_t i = static_cast<size_t>(t.axis) + 1; i < t.shape.size(); ++i) {
    inner *= t.shape[i];
  }
  for (size_t i = 0; i < bytes.size(); ++i) {
    const size_t c = t.scale.size() == 1
                         ? 0
                         : i / static_cast<size_t>(inner) % t.scale.size();
    const int64_t q =
        t.type == kCodeInt8 ? static_cast<int8_t>(bytes[i]) : bytes[i];
    const auto real =
        static_cast<float>(q - t.zero[t.zero.size() == 1 ? 0 : c]);
    const float value = t.scale[c] * real;
    std::memcpy(&out[4 * i], &value, sizeof value);
  }
  return out;
}

bool is_dequantize(const RawOp& op) {
  return op.code == op_info(OpKind::kDequantize).code;
}

bool is_widening(const RawModel& raw, const RawOp& op) {
  if (!is_dequantize(op) || op.inputs.size() != 1 || op.outputs.size() != 1 ||
      !can_widen(raw, op.inputs[0])) {
    return false;
  }
  const RawTensor& x = raw.tensors[static_cast<size_t>(op.inputs[0])];
  const RawTensor& y = raw.tensors[static_cast<size_t>(op.outputs[0])];
  return y.type == kCodeFloat32 && x.shape == y.shape &&
         std::find(raw.outputs.begin(), raw.outputs.end(), op.outputs[0]) ==
             raw.outputs.end();
}

// Nothing if a value does not fit.
std::vector<uint8_t> narrowed(std::span<const uint8_t> longs) {
  std::vector<uint8_t> out(longs.size() / 2);
  for (size_t i = 0; i < longs.size(); i += sizeof(int64_t)) {
    int64_t value = 0;
    std::memcpy(&value, &longs[i], sizeof value);
    const auto small = static_cast<int32_t>(value);
    if (small != value) return {};
    std::memcpy(&out[i / 2], &small, sizeof small);
  }
  return out;
}

}  // namespace

void narrow_longs(RawModel& raw, MadeBytes& made) {
  // The type of a bias says how its layer computes.
  std::set<int> biases;
  for (const RawOp& op : raw.ops) {
    const OpInfo* info = find_op(op.code);
    if (info == nullptr || !has_weights(info->kind)) continue;
    const size_t at = info->kind == OpKind::kTransposeConv ? 3 : 2;
    if (op.inputs.size() > at) biases.insert(op.inputs[at]);
  }
  std::map<uint32_t, uint32_t> narrow;  // buffers
  for (size_t i = 0; i < raw.tensors.size(); ++i) {
    RawTensor& t = raw.tensors[i];
    if (biases.contains(static_cast<int>(i))) continue;
    if (t.type != kCodeInt64 || t.buffer >= raw.buffers.size()) continue;
    const auto from = raw.buffers[t.buffer];
    if (from.empty() || from.size() % sizeof(int64_t) != 0) continue;
    const auto to = static_cast<uint32_t>(raw.buffers.size());
    if (narrow.emplace(t.buffer, to).second) {
      made.push_back(narrowed(from));
      raw.buffers.emplace_back(made.back());
    }
    const uint32_t buffer = narrow.at(t.buffer);
    if (raw.buffers[buffer].empty()) continue;
    t.buffer = buffer;
    t.type = kCodeInt32;
  }
}

namespace {

// Constants as float32, each made once, however many read it.
class Widening {
 public:
  Widening(RawModel& raw, MadeBytes& made) : raw_(raw), made_(made) {}

  void run() {
    std::map<int, int> constants;  // results of DEQUANTIZE
    for (const RawOp& op : raw_.ops) {
      if (is_widening(raw_, op)) constants[op.outputs[0]] = op.inputs[0];
    }
    std::erase_if(raw_.ops,
                  [this](const RawOp& op) { return is_widening(raw_, op); });
    for (RawOp& op : raw_.ops) {
      const bool converts =
          is_dequantize(op) || op.code == op_info(OpKind::kQuantize).code;
      for (int& t : op.inputs) {
        const auto found = constants.find(t);
        if (found != constants.end()) t = wide(found->second);
      }
      if (!converts && is_float(op)) widen_operands(op);
    }
  }

 private:
  // Its results are float32, and what it computes on as well.
  bool is_float(const RawOp& op) const {
    const auto real = [this](int t) {
      return t >= 0 &&
             raw_.tensors[static_cast<size_t>(t)].type == kCodeFloat32;
    };
    return !op.outputs.empty() && std::ranges::all_of(op.outputs, real) &&
           std::ranges::any_of(op.inputs, real);
  }

  void widen_operands(RawOp& op) {
    for (int& t : op.inputs) {
      if (can_widen(raw_, t)) t = wide(t);
    }
  }

  int wide(int t) {
    const auto known = wide_.find(t);
    if (known != wide_.end()) return known->second;
    RawTensor out = raw_.tensors[static_cast<size_t>(t)];
    const auto bytes = bytes_of(raw_, out);
    auto& buffer = buffers_[{out.buffer, out.scale.empty() ? -1 : t}];
    if (buffer == 0) {
      made_.push_back(out.type == kCodeFloat16 ? widened(bytes)
                                               : dequantized(out, bytes));
      buffer = static_cast<uint32_t>(raw_.buffers.size());
      raw_.buffers.emplace_back(made_.back());
    }
    out.buffer = buffer;
    out.type = kCodeFloat32;
    out.scale.clear();
    out.zero.clear();
    // Half precision is not computed with, so nobody else needs the tensor.
    if (raw_.tensors[static_cast<size_t>(t)].type == kCodeFloat16) {
      raw_.tensors[static_cast<size_t>(t)] = std::move(out);
      wide_[t] = t;
      return t;
    }
    raw_.tensors.push_back(std::move(out));
    return wide_[t] = static_cast<int>(raw_.tensors.size()) - 1;
  }

  RawModel& raw_;
  MadeBytes& made_;
  std::map<int, int> wide_;  // tensors
  std::map<std::pair<uint32_t, int>, uint32_t> buffers_;
};

}  // namespace

void widen_constants(RawModel& raw, MadeBytes& made) {
  Widening(raw, made).run();
}

}  // namespace shoal
