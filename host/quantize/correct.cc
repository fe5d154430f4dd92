#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/oracle/int8/oracle.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/int8_run.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

// The mean output of each channel before the activation.
std::vector<double> mean_output(const Op& op, const Tensor& weights,
                                const std::vector<float>& w,
                                const std::vector<float>& bias,
                                const std::vector<double>& patch) {
  const WeightLayout layout = weight_layout(op, weights);
  std::vector<double> means(static_cast<size_t>(layout.channels), 0);
  for (size_t c = 0; c < bias.size(); ++c) means[c] = bias[c];
  const size_t channels = means.size();
  if (!layout.last) {
    for (size_t i = 0; i < w.size(); ++i) {
      means[i / patch.size()] += double{w[i]} * patch[i % patch.size()];
    }
    return means;
  }
  const auto multiplier =
      static_cast<size_t>(std::get<WindowAttr>(op.attr).depth_multiplier);
  for (size_t i = 0; i < w.size(); ++i) {
    means[i % channels] += double{w[i]} * patch[i / multiplier];
  }
  return means;
}

class Corrector {
 public:
  Corrector(const Graph& floats,
            const std::vector<std::vector<double>>& patches,
            std::vector<std::vector<uint8_t>> inputs, Graph& int8)
      : floats_(floats), patches_(patches), int8_(int8) {
    for (const auto& input : inputs) {
      set_inputs(int8_, input, values_.emplace_back());
    }
    find_last_uses();
  }

  void run(const FrameProgress& progress) {
    const auto count = static_cast<int64_t>(values_.size());
    size_t number = 0;  // of the float operator
    const std::vector<Loop> loops = find_loops(int8_);
    auto loop = loops.begin();
    for (size_t i = 0; i < int8_.ops.size(); ++i) {
      const Op& op = int8_.ops[i];
      // The mean of a loop's operands depends on its biases.
      if (loop != loops.end() && loop->first == static_cast<int>(i)) {
        for_each_frame(count, [&](int, int64_t f) {
          evaluate_loop(int8_, *loop, values_[static_cast<size_t>(f)]);
        });
        for (; static_cast<int>(i) < loop->last; ++i) {
          if (int8_.ops[i].kind != OpKind::kQuantize) ++number;
        }
        --i, ++loop;
        continue;
      }
      if (op.kind != OpKind::kQuantize) {
        if (has_patch(op)) correct(op, number);
        ++number;
      }
      for_each_frame(count, [&](int, int64_t f) {
        evaluate(int8_, op, values_[static_cast<size_t>(f)]);
        forget(i, values_[static_cast<size_t>(f)]);
      });
      const auto done = static_cast<int64_t>(i) + 1;
      const auto ops = static_cast<int64_t>(int8_.ops.size());
      if (progress) progress(count * done / ops);
    }
  }

 private:
  void find_last_uses() {
    last_use_.assign(int8_.tensors.size(), int8_.ops.size());
    for (size_t i = 0; i < int8_.ops.size(); ++i) {
      for (const int t : int8_.ops[i].inputs) {
        if (t >= 0) last_use_[t] = i;
      }
    }
  }

  void forget(size_t done, Values& values) const {
    for (const int t : int8_.ops[done].inputs) {
      if (t >= 0 && last_use_[t] == done)
        std::vector<uint8_t>().swap(values[t]);
    }
  }

  std::vector<double> patch_now(const Op& op) const {
    const int x = op.inputs[0];
    std::vector<std::vector<double>> parts(values_.size());
    for_each_frame(static_cast<int64_t>(parts.size()), [&](int, int64_t f) {
      const auto i = static_cast<size_t>(f);
      const Tensor& t = int8_.tensors[x];
      parts[i] = mean_patch(
          int8_, op, dequantized(t, t.constant ? t.data : values_[i][x]));
    });
    std::vector<double> mean(parts[0].size(), 0);
    for (const auto& part : parts) {
      for (size_t k = 0; k < mean.size(); ++k) {
        mean[k] += part[k] / static_cast<double>(parts.size());
      }
    }
    return mean;
  }

  void correct(const Op& op, size_t number) {
    const Op& old = floats_.ops[number];
    const Tensor& w = floats_.tensors[old.inputs[1]];
    std::vector<float> bias;
    if (old.inputs.size() > 2 && old.inputs[2] >= 0) {
      bias = constant_floats(floats_.tensors[old.inputs[2]]);
    }
    const std::vector<double> wanted =
        mean_output(old, w, constant_floats(w), bias, patches_[number]);

    const Tensor& weights = int8_.tensors[op.inputs[1]];
    const WeightLayout layout = weight_layout(op, weights);
    const auto scale = [&](size_t channel) {
      const auto& scales = weights.quant.scale;
      return scales[scales.size() > 1 ? channel : 0];
    };
    std::vector<float> reals;
    for (size_t i = 0; i < weights.data.size(); ++i) {
      const int c = layout.channel(static_cast<int64_t>(i));
      reals.push_back(static_cast<int8_t>(weights.data[i]) *
                      scale(static_cast<size_t>(c)));
    }
    const std::vector<double> got =
        mean_output(op, weights, reals, {}, patch_now(op));

    // The bias makes up for the error of the products.
    Tensor& target = int8_.tensors[op.inputs[2]];
    const double sx = int8_.tensors[op.inputs[0]].scale();
    const auto wanted_bias = [&](size_t c, double most) {
      const double q = std::round((wanted[c] - got[c]) / (sx * scale(c)));
      return std::clamp(q, -most, most);
    };
    if (target.type == Type::kInt64) {
      return put<int64_t>(wanted_bias, 0x1p38, target);
    }
    put<int32_t>(wanted_bias, 0x1p30, target);
  }

  // Sets the bias of each channel.
  template <class T, class Wanted>
  static void put(Wanted wanted_bias, double most, Tensor& target) {
    std::vector<T> numbers(target.data.size() / sizeof(T));
    for (size_t c = 0; c < numbers.size(); ++c) {
      numbers[c] = static_cast<T>(wanted_bias(c, most));
    }
    std::memcpy(target.data.data(), numbers.data(), target.data.size());
  }

  const Graph& floats_;
  const std::vector<std::vector<double>>& patches_;
  Graph& int8_;
  std::vector<Values> values_;  // by frame: what is still to be read
  std::vector<size_t> last_use_;
};

}  // namespace

void correct_biases(const Graph& floats,
                    const std::vector<std::vector<double>>& patches,
                    const Calibration& calibration,
                    const std::vector<int64_t>& frames,
                    const QuantizeOptions& options, Graph& int8,
                    const FrameProgress& progress) {
  std::vector<std::vector<uint8_t>> inputs;
  for (const int64_t frame : frames) {
    inputs.push_back(
        frame_bytes(int8, options, load_frame(floats, calibration, frame)));
  }
  Corrector(floats, patches, std::move(inputs), int8).run(progress);
}

}  // namespace shoal
