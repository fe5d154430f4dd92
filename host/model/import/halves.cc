// Constants of other widths. Weights of half precision: models are written
// with FLOAT16 constants and a DEQUANTIZE behind each, and compute in float32.
// Axes, sizes and paddings may be INT64.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>

#include "host/model/import/op_reader.h"

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

bool is_widening(const RawModel& raw, const RawOp& op) {
  if (op.code != op_info(OpKind::kDequantize).code || op.inputs.size() != 1 ||
      op.outputs.size() != 1 || op.inputs[0] < 0) {
    return false;
  }
  const RawTensor& x = raw.tensors[static_cast<size_t>(op.inputs[0])];
  const RawTensor& y = raw.tensors[static_cast<size_t>(op.outputs[0])];
  const bool constant = x.buffer < raw.buffers.size() &&
                        !raw.buffers[x.buffer].empty() &&
                        raw.buffers[x.buffer].size() % 2 == 0;
  return constant && x.type == kCodeFloat16 && y.type == kCodeFloat32 &&
         x.shape == y.shape &&
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

std::vector<std::vector<uint8_t>> narrow_longs(RawModel& raw) {
  std::vector<std::vector<uint8_t>> bytes;
  std::map<uint32_t, uint32_t> narrow;  // buffers
  for (RawTensor& t : raw.tensors) {
    if (t.type != kCodeInt64 || t.buffer >= raw.buffers.size()) continue;
    const auto from = raw.buffers[t.buffer];
    if (from.empty() || from.size() % sizeof(int64_t) != 0) continue;
    const auto to = static_cast<uint32_t>(raw.buffers.size());
    if (narrow.emplace(t.buffer, to).second) {
      bytes.push_back(narrowed(from));
      raw.buffers.emplace_back(bytes.back());
    }
    const uint32_t buffer = narrow.at(t.buffer);
    if (raw.buffers[buffer].empty()) continue;
    t.buffer = buffer;
    t.type = kCodeInt32;
  }
  return bytes;
}

// A buffer is widened once, however many tensors share it.
std::vector<std::vector<uint8_t>> widen_halves(RawModel& raw) {
  std::vector<std::vector<uint8_t>> bytes;
  std::map<uint32_t, uint32_t> wide;  // buffers
  std::map<int, int> constants;       // results of DEQUANTIZE
  for (const RawOp& op : raw.ops) {
    if (!is_widening(raw, op)) continue;
    const uint32_t from = raw.tensors[static_cast<size_t>(op.inputs[0])].buffer;
    const auto to = static_cast<uint32_t>(raw.buffers.size());
    if (wide.emplace(from, to).second) {
      bytes.push_back(widened(raw.buffers[from]));
      raw.buffers.emplace_back(bytes.back());
    }
    constants[op.outputs[0]] = op.inputs[0];
  }
  std::erase_if(raw.ops,
                [&raw](const RawOp& op) { return is_widening(raw, op); });
  for (const auto& [result, half] : constants) {
    RawTensor& t = raw.tensors[static_cast<size_t>(half)];
    if (t.type == kCodeFloat16) t.buffer = wide.at(t.buffer);
    t.type = kCodeFloat32;
  }
  for (RawOp& op : raw.ops) {
    for (int& t : op.inputs) {
      const auto found = constants.find(t);
      if (found != constants.end()) t = found->second;
    }
  }
  return bytes;
}

}  // namespace shoal
