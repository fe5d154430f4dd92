#include "host/quantize/int8_run.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "host/base/floats.h"
#include "host/model/graph/quantize.h"
#include "host/model/graph/wide.h"
#include "host/oracle/float/float_oracle.h"
#include "host/oracle/int8/oracle.h"
#include "host/quantize/each_frame.h"

namespace shoal {
namespace {

// A longer axis is not judged slice by slice.
constexpr int kMostSlices = 4096;

int8_t spread_over(float v, const std::pair<float, float>& range) {
  const double share =
      (double{v} - range.first) / (double{range.second} - range.first);
  return static_cast<int8_t>(
      std::clamp(std::round(share * 255) - 128, -128.0, 127.0));
}

// Compares the outputs and the tensors of one frame after the other.
class FrameJudge {
 public:
  FrameJudge(const Graph& original, const Graph& floats, const Graph& int8,
             const std::vector<float>& floors)
      : floats_(floats), int8_(int8), floors_(floors), oracle_(floats, floors) {
    if (&original != &floats) {
      original_ = std::make_unique<FloatOracle>(original);
    }
  }

  Judgement run(const std::vector<float>& frame, const QuantizeOptions& o) {
    Judgement result;
    result.tensors.resize(floats_.tensors.size());
    const FloatValues& wanted = oracle_.run(frame);
    const std::vector<uint8_t> bytes = frame_bytes(int8_, o, frame);
    const Values got = run_oracle(int8_, bytes);
    if (o.input_ranges.empty()) judge_inputs(frame, bytes, result);
    for (const Op& op : floats_.ops) {
      for (const int y : op.outputs) {
        const Tensor& t = int8_.tensors[y];
        if (t.type != Type::kInt8 && !is_int16(t)) continue;
        add(wanted[y], dequantized(int8_.tensors[y], got[y]),
            result.tensors[y]);
      }
    }
    const FloatValues& judge = original_ ? original_->run(frame) : wanted;
    for (const int t : floats_.outputs) {
      const Tensor& y = int8_.tensors[t];
      if (y.type != Type::kInt8 && !is_int16(y)) continue;
      add(judge[t], dequantized(y, got[t]), result.result);
    }
    for (const int t : judged_outputs(floats_)) {
      const std::vector<float> values = dequantized(int8_.tensors[t], got[t]);
      const std::vector<float> meant = raised(t, judge[t]);
      add(meant, values, result.output);
      result.outputs.push_back(
          judged_alone(meant, values, floats_.tensors[t].shape));
    }
    return result;
  }

 private:
  // The operand of a SOFTMAX, without what that does not tell apart.
  std::vector<float> raised(int t, std::vector<float> values) const {
    if (floors_.empty()) return values;
    raise_to(floors_[static_cast<size_t>(t)], values);
    return values;
  }

  static void add(const std::vector<float>& wanted,
                  const std::vector<float>& got, Noise& n) {
    for (size_t i = 0; i < got.size(); ++i) add_value(wanted[i], got[i], n);
  }

  static void add_value(float wanted, float got, Noise& n) {
    if (!std::isfinite(wanted)) return;  // padding below everything
    const double signal = wanted, error = signal - got;
    n.signal += signal * signal;
    n.noise += error * error;
  }

  static TensorNoise judged_alone(const std::vector<float>& wanted,
                                  const std::vector<float>& got,
                                  const Shape& shape) {
    TensorNoise n;
    add(wanted, got, n.noise);
    for (const float v : wanted) n.peak = std::max(n.peak, std::abs(v));
    n.axes.resize(shape.size());
    int64_t inner = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
      const int size = shape[axis];
      const auto count = static_cast<int64_t>(wanted.size());
      if (size > 1 && size <= kMostSlices) {
        n.axes[axis].resize(static_cast<size_t>(size));
        for (int64_t i = 0; i < count; ++i) {
          TensorNoise::Slice& s =
              n.axes[axis][static_cast<size_t>(i / inner % size)];
          add_value(wanted[static_cast<size_t>(i)], got[static_cast<size_t>(i)],
                    s.noise);
          s.peak = std::max(s.peak, std::abs(wanted[static_cast<size_t>(i)]));
        }
      }
      inner *= size;
    }
    return n;
  }

  void judge_inputs(std::span<const float> frame,
                    std::span<const uint8_t> bytes, Judgement& result) const {
    for (const int input : int8_.inputs) {
      const Tensor& t = int8_.tensors[input];
      const auto count = static_cast<size_t>(element_count(t.shape));
      const size_t size = count * (is_int16(t) ? 2 : 1);
      const auto values = frame.first(count);
      result.inputs.push_back(judged_alone({values.begin(), values.end()},
                                           dequantized(t, bytes.first(size)),
                                           t.shape));
      frame = frame.subspan(count);
      bytes = bytes.subspan(size);
    }
  }

  const Graph& floats_;
  const Graph& int8_;
  const std::vector<float>& floors_;
  FloatOracle oracle_;
  std::unique_ptr<FloatOracle> original_;
};

void add(const Noise& more, Noise& n) {
  n.signal += more.signal;
  n.noise += more.noise;
}

void add(const TensorNoise& more, TensorNoise& n) {
  add(more.noise, n.noise);
  n.peak = std::max(n.peak, more.peak);
  n.axes.resize(more.axes.size());
  for (size_t a = 0; a < more.axes.size(); ++a) {
    n.axes[a].resize(more.axes[a].size());
    for (size_t i = 0; i < more.axes[a].size(); ++i) {
      add(more.axes[a][i].noise, n.axes[a][i].noise);
      n.axes[a][i].peak = std::max(n.axes[a][i].peak, more.axes[a][i].peak);
    }
  }
}

void add(const std::vector<TensorNoise>& more, std::vector<TensorNoise>& all) {
  all.resize(more.size());
  for (size_t i = 0; i < more.size(); ++i) add(more[i], all[i]);
}

}  // namespace

std::vector<uint8_t> frame_bytes(const Graph& int8,
                                 const QuantizeOptions& options,
                                 std::span<const float> frame) {
  std::vector<uint8_t> bytes;
  bytes.reserve(frame.size());
  for (size_t i = 0; i < int8.inputs.size(); ++i) {
    const Tensor& t = int8.tensors[int8.inputs[i]];
    const bool known = i < options.input_ranges.size();
    const bool wide = is_int16(t);
    const auto count = static_cast<size_t>(element_count(t.shape));
    for (const float v : frame.first(count)) {
      if (wide) {
        const auto q = static_cast<uint16_t>(quantize_to_int16(v, t.scale()));
        bytes.push_back(static_cast<uint8_t>(q));
        bytes.push_back(static_cast<uint8_t>(q >> 8));
        continue;
      }
      const int8_t q = known ? spread_over(v, options.input_ranges[i])
                             : quantize_float(v, t.scale(), t.zero());
      bytes.push_back(static_cast<uint8_t>(q));
    }
    frame = frame.subspan(count);
  }
  return bytes;
}

std::vector<float> dequantized(const Tensor& t,
                               std::span<const uint8_t> bytes) {
  std::vector<float> values;
  values.reserve(bytes.size());
  if (is_int16(t)) {
    for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
      const auto q = static_cast<int16_t>(bytes[i] | bytes[i + 1] << 8);
      values.push_back(static_cast<float>(double{t.scale()} * q));
    }
    return values;
  }
  for (const uint8_t b : bytes) {
    values.push_back(dequantize(static_cast<int8_t>(b), t.scale(), t.zero()));
  }
  return values;
}

std::vector<int> judged_outputs(const Graph& graph) {
  std::vector<int> judged = graph.outputs;
  for (int& t : judged) {
    // Backwards: from whole numbers to what their places are of.
    for (auto op = graph.ops.rbegin(); op != graph.ops.rend(); ++op) {
      const bool numbers = is_wide(graph.tensors[t].type);
      if (op->outputs[0] != t || !(numbers || op->kind == OpKind::kSoftmax)) {
        continue;
      }
      t = op->inputs[0];
      if (!numbers) break;
    }
  }
  return judged;
}

std::string passed_over(const Graph& graph) {
  const std::vector<int> judged = judged_outputs(graph);
  for (size_t i = 0; i < judged.size(); ++i) {
    if (judged[i] == graph.outputs[i]) continue;
    for (const Op& op : graph.ops) {
      if (op.outputs[0] == graph.outputs[i]) return op_name(op.kind);
    }
  }
  return "";
}

double Noise::snr_db() const {
  if (noise == 0) return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

Judgement judge(const Graph& original, const Graph& floats, const Graph& int8,
                const std::vector<float>& floors,
                const Calibration& calibration,
                const std::vector<int64_t>& frames,
                const QuantizeOptions& options, const FrameProgress& progress) {
  const auto count = static_cast<int64_t>(frames.size());
  std::vector<std::unique_ptr<FrameJudge>> judges(
      static_cast<size_t>(thread_count(count)));
  std::vector<Judgement> results(frames.size());
  const auto work = [&](int thread, int64_t i) {
    auto& judge = judges[static_cast<size_t>(thread)];
    if (!judge)
      judge = std::make_unique<FrameJudge>(original, floats, int8, floors);
    results[static_cast<size_t>(i)] = judge->run(
        load_frame(floats, calibration, frames[static_cast<size_t>(i)]),
        options);
  };
  for_each_frame(count, work, progress);

  Judgement all;
  all.tensors.resize(floats.tensors.size());
  for (const Judgement& one : results) {
    for (size_t t = 0; t < all.tensors.size(); ++t) {
      add(one.tensors[t], all.tensors[t]);
    }
    add(one.output, all.output);
    add(one.result, all.result);
    add(one.outputs, all.outputs);
    add(one.inputs, all.inputs);
  }
  return all;
}

}  // namespace shoal
