#include "host/quantize/judged.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include "host/quantize/joins.h"
#include "host/quantize/ranges.h"
#include "host/quantize/sharing.h"

namespace shoal {
namespace {

// A value that is this many times smaller than its neighbours has at most three
// steps of int8 on either side of 0.
constexpr double kLostBeside = 32;

// Parts whose ratios differ by less than this are named together.
constexpr double kAlikeDb = 10;

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", v);
  return text;
}

std::string steps(const Tensor& t) {
  return "in steps of " + number(static_cast<double>(t.scale()));
}

// "4 to 6, 9"
std::string list_text(const std::vector<size_t>& indexes) {
  constexpr size_t kMost = 4;
  std::string text;
  size_t shown = 0;
  for (size_t i = 0; i < indexes.size();) {
    size_t last = i;
    while (last + 1 < indexes.size() && indexes[last + 1] == indexes[last] + 1)
      ++last;
    if (++shown > kMost) return text + ", ...";
    text += (text.empty() ? "" : ", ") + std::to_string(indexes[i]);
    if (last > i) text += " to " + std::to_string(indexes[last]);
    i = last + 1;
  }
  return text;
}

bool is_given(const Tensor& t) {
  for (const OpKind kind :
       {OpKind::kSoftmax, OpKind::kLogSoftmax, OpKind::kTanh}) {
    const auto fixed = fixed_params(kind, is_int16(t));
    if (!fixed) continue;
    const Params p = *fixed;
    if (t.scale() == p.scale && t.zero() == p.zero) return true;
  }
  return false;
}

std::string parts_fix(const Tensor& t, const std::string& what) {
  return "make them an " + what + " of their own" +
         (what == "output" ? " (--outputs)" : "") + ", scale the " + what +
         "'s parts alike" + (is_int16(t) ? "" : ", or try --activations int16");
}

// How much smaller a part is that is judged alone.
struct PartLimits {
  double ratio = kUnlikeRanges;         // slices of several values
  double single_ratio = kUnlikeRanges;  // the values of a vector
  size_t most_slices = SIZE_MAX;        // of an axis
  size_t most_singles = SIZE_MAX;       // of a vector
};

// `what` is "input" or "output".
void judge_parts(const Tensor& t, const std::string& what, const TensorNoise& n,
                 const PartLimits& limits, std::vector<SnrReport>& judged) {
  const auto count = static_cast<size_t>(element_count(t.shape));
  for (size_t axis = 0; axis < n.axes.size(); ++axis) {
    const bool single = n.axes[axis].size() == count;
    const size_t most = single ? limits.most_singles : limits.most_slices;
    if (n.axes[axis].size() > most) continue;
    const double ratio = single ? limits.single_ratio : limits.ratio;
    const auto is_small = [&](const TensorNoise::Slice& slice) {
      return slice.peak > 0 && double{slice.peak} * ratio <= double{n.peak};
    };
    double worst = HUGE_VAL;
    for (const TensorNoise::Slice& slice : n.axes[axis]) {
      if (is_small(slice)) worst = std::min(worst, slice.noise.snr_db());
    }
    // Those that are lost, without those that are only smaller.
    std::vector<size_t> lost;
    float peak = 0;
    for (size_t i = 0; i < n.axes[axis].size(); ++i) {
      const TensorNoise::Slice& slice = n.axes[axis][i];
      if (!is_small(slice) || slice.noise.snr_db() > worst + kAlikeDb) continue;
      lost.push_back(i);
      peak = std::max(peak, slice.peak);
    }
    if (lost.empty()) continue;
    judged.push_back({what + " '" + t.name + "', " + list_text(lost) +
                          " of axis " + std::to_string(axis),
                      "values up to " + number(double{peak}) + " beside " +
                          number(double{n.peak}) + ", " + steps(t),
                      worst, parts_fix(t, what)});
  }
}

// Sensors of unlike ranges lose the small values at the input already. A quiet
// moment is no loss, so axes that are as long as time's are not judged.
void judge_inputs(const Graph& int8, const Judgement& judgement,
                  std::vector<SnrReport>& judged) {
  const PartLimits limits{.most_slices = 16, .most_singles = 64};
  for (size_t i = 0; i < judgement.inputs.size(); ++i) {
    judge_parts(int8.tensors[static_cast<size_t>(int8.inputs[i])], "input",
                judgement.inputs[i], limits, judged);
  }
}

}  // namespace

std::vector<SnrReport> judged_alone(const Graph& int8,
                                    const Judgement& judgement,
                                    const std::vector<LayerReport>& layers) {
  std::vector<SnrReport> judged;
  judge_inputs(int8, judgement, judged);
  const std::vector<int> outputs = judged_outputs(int8);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& t = int8.tensors[static_cast<size_t>(outputs[i])];
    if (t.type != Type::kInt8 && !is_int16(t)) continue;
    const TensorNoise& n = judgement.outputs[i];
    const Tensor& named = int8.tensors[static_cast<size_t>(int8.outputs[i])];
    judged.push_back(
        {"output '" + named.name + "'",
         "values up to " + number(double{n.peak}) + ", " + steps(t),
         n.noise.snr_db(),
         "calibrate with more frames, or try --ranges minmax and "
         "--equalize on"});
    if (is_given(t)) continue;
    // A class that is never the answer has a small score, and a single value
    // that keeps some bits of its own is no loss.
    const bool scores = outputs[i] != int8.outputs[i];
    const PartLimits limits{.single_ratio = scores ? HUGE_VAL : kLostBeside};
    judge_parts(t, "output", n, limits, judged);
  }
  for (const LayerReport& l : layers) {
    const bool cut = l.clipped > 0.001;
    judged.push_back(
        {"layer '" + l.name + "' (" + l.kind + ")",
         number(double{l.lowest}) + " to " + number(double{l.highest}) +
             ", in steps of " + number(double{l.scale}),
         l.snr_db,
         cut ? "try --ranges minmax: values lie outside of the range"
             : "try --equalize on, or end the model before it (--outputs)"});
  }
  return judged;
}

}  // namespace shoal
