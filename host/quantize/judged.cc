#include "host/quantize/judged.h"

#include <algorithm>
#include <cstdio>

#include "host/quantize/joins.h"
#include "host/quantize/ranges.h"
#include "host/quantize/sharing.h"

namespace shoal {
namespace {

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

void judge_parts(const Tensor& t, const OutputNoise& n,
                 std::vector<SnrReport>& judged) {
  for (size_t axis = 0; axis < n.axes.size(); ++axis) {
    std::vector<size_t> small;
    Noise noise;
    float peak = 0;
    for (size_t i = 0; i < n.axes[axis].size(); ++i) {
      const OutputNoise::Slice& s = n.axes[axis][i];
      if (s.peak == 0 || double{s.peak} * kUnlikeRanges > double{n.peak}) {
        continue;
      }
      small.push_back(i);
      noise.signal += s.noise.signal;
      noise.noise += s.noise.noise;
      peak = std::max(peak, s.peak);
    }
    if (small.empty()) continue;
    judged.push_back({"output '" + t.name + "', " + list_text(small) +
                          " of axis " + std::to_string(axis),
                      "values up to " + number(double{peak}) + " beside " +
                          number(double{n.peak}) + ", " + steps(t),
                      noise.snr_db(),
                      "make them an output of their own (--outputs), or scale "
                      "the output's parts alike"});
  }
}

}  // namespace

std::vector<SnrReport> judged_alone(const Graph& int8,
                                    const Judgement& judgement,
                                    const std::vector<LayerReport>& layers) {
  std::vector<SnrReport> judged;
  const std::vector<int> outputs = judged_outputs(int8);
  for (size_t i = 0; i < outputs.size(); ++i) {
    const Tensor& t = int8.tensors[static_cast<size_t>(outputs[i])];
    if (t.type != Type::kInt8 && !is_int16(t)) continue;
    const OutputNoise& n = judgement.outputs[i];
    const Tensor& named = int8.tensors[static_cast<size_t>(int8.outputs[i])];
    judged.push_back(
        {"output '" + named.name + "'",
         "values up to " + number(double{n.peak}) + ", " + steps(t),
         n.noise.snr_db(),
         "calibrate with more frames, or try --ranges minmax and "
         "--equalize on"});
    if (!is_given(t)) judge_parts(t, n, judged);
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
