#include "host/quantize/equalize.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "host/base/floats.h"
#include "host/model/graph/operators.h"
#include "host/quantize/quantizable.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

constexpr float kCap = 6, kMargin = 1.25f;
constexpr float kMostScale = 256;

// Tests of operators for scales_with_operand().
bool yes(const Op&) { return true; }
bool pools(const Op& op) {
  const Activation a = std::get<WindowAttr>(op.attr).activation;
  return a == Activation::kNone || a == Activation::kRelu;
}
bool pads_with_zeros(const Op& op) {
  const auto& pad = std::get<PadAttr>(op.attr);
  const bool real =
      op.kind == OpKind::kPad || pad.real == 0 || pad.real <= kLowest;
  return real && pad.before.back() == 0 && pad.after.back() == 0;
}
bool keeps_channels(const Op& op) {
  return !std::get<ReduceAttr>(op.attr).reduced.back();
}

class PairFinder {
 public:
  explicit PairFinder(const Graph& graph)
      : graph_(graph), readers_(graph.tensors.size()) {
    for (size_t i = 0; i < graph.ops.size(); ++i) {
      for (const int t : graph.ops[i].inputs) {
        if (t >= 0) readers_[t].push_back(static_cast<int>(i));
      }
    }
    // No operator: a reader that nobody can change.
    for (const int t : graph.outputs) readers_[t].push_back(-1);
  }

  std::vector<LayerPair> run() const {
    std::vector<LayerPair> pairs;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (const auto pair = pair_from(static_cast<int>(i))) {
        pairs.push_back(*pair);
      }
    }
    return pairs;
  }

 private:
  std::optional<LayerPair> pair_from(int first) const {
    const Op& op = graph_.ops[first];
    const bool convolution = class_of(op.kind) == OpClass::kConvolution;
    if (!convolution || !own_weights(op)) return std::nullopt;
    const Activation act = std::get<WindowAttr>(op.attr).activation;
    if (act == Activation::kReluN1To1) return std::nullopt;
    LayerPair pair{first, -1, op.outputs[0], act == Activation::kRelu6};
    const int channels = graph_.tensors[pair.tensor].shape.back();
    int t = pair.tensor;
    while (readers_[t].size() == 1 && readers_[t][0] >= 0 &&
           graph_.tensors[t].shape.back() == channels) {
      const int reader = readers_[t][0];
      const Op& next = graph_.ops[reader];
      if (can_be_second(next, channels)) {
        pair.second = reader;
        return pair;
      }
      const bool capped = next.kind == OpKind::kRelu6;
      if (!capped && !scales_with_operand(next)) break;
      if (capped) pair.capped = true;
      t = next.outputs[0];
    }
    return std::nullopt;
  }

  bool own_weights(const Op& op) const {
    return readers_[op.inputs[1]].size() == 1 &&
           (op.inputs.size() < 3 || op.inputs[2] < 0 ||
            readers_[op.inputs[2]].size() == 1);
  }

  bool can_be_second(const Op& op, int channels) const {
    if (!has_weights(op.kind) || !own_weights(op)) return false;
    return op.kind != OpKind::kFullyConnected ||
           graph_.tensors[op.inputs[1]].shape[1] == channels;
  }

  const Graph& graph_;
  std::vector<std::vector<int>> readers_;
};

// Which channel of its input a weight reads.
class InputChannels {
 public:
  InputChannels(const Op& op, const Tensor& weights)
      : multiplier_(op.kind == OpKind::kDepthwiseConv2d
                        ? std::get<WindowAttr>(op.attr).depth_multiplier
                        : 1),
        last_(weights.shape.back()) {}
  size_t operator()(size_t element) const {
    return element % last_ / multiplier_;
  }

 private:
  size_t multiplier_, last_;
};

// How much each input channel matters to the scales of the weights that read
// it: relative to its filter where filters have scales of their own.
std::vector<float> weight_shares(const Op& op, const Tensor& weights,
                                 size_t channels) {
  std::vector<float> shares(channels, 1);
  if (op.kind == OpKind::kDepthwiseConv2d) return shares;
  const std::vector<float> w = constant_floats(weights);
  const WeightLayout layout = weight_layout(op, weights);
  std::vector<float> filter(static_cast<size_t>(layout.channels), 0);
  const auto filter_of = [&](size_t i) -> float& {
    return filter[static_cast<size_t>(layout.channel(static_cast<int64_t>(i)))];
  };
  for (size_t i = 0; i < w.size(); ++i) {
    filter_of(i) = std::max(filter_of(i), std::abs(w[i]));
  }
  if (op.kind == OpKind::kFullyConnected) {
    std::fill(filter.begin(), filter.end(),
              *std::max_element(filter.begin(), filter.end()));
  }
  std::fill(shares.begin(), shares.end(), 0.f);
  const InputChannels input(op, weights);
  for (size_t i = 0; i < w.size(); ++i) {
    if (filter_of(i) == 0) continue;
    float& share = shares[input(i)];
    share = std::max(share, std::abs(w[i]) / filter_of(i));
  }
  return shares;
}

// A depthwise layer has scales per channel, so that all channels can have
// the whole range. Else activations and weights share the difference: equal
// products of what both lose.
std::vector<float> choose_factors(const LayerPair& pair, const Op& second,
                                  const std::vector<float>& shares,
                                  const std::vector<float>& highest) {
  const size_t n = highest.size();
  const float range = *std::max_element(highest.begin(), highest.end());
  std::vector<float> reach(n, 0);  // of the channel, once scaled
  for (size_t c = 0; c < n; ++c) {
    if (highest[c] == 0 || shares[c] == 0) continue;
    reach[c] = second.kind == OpKind::kDepthwiseConv2d
                   ? 1
                   : std::sqrt(highest[c] * shares[c]);
  }
  const float most = *std::max_element(reach.begin(), reach.end());
  std::vector<float> factors(n, 1);
  for (size_t c = 0; c < n; ++c) {
    if (reach[c] == 0) continue;
    const float s = reach[c] / most * range / highest[c];
    factors[c] = std::clamp(s, 1 / kMostScale, kMostScale);
    if (!pair.capped) continue;
    const float room = kCap / (kMargin * highest[c]);
    factors[c] = std::max(1.f, std::min(s, std::min(room, kMostScale)));
  }
  return factors;
}

template <class Factor>
void multiply(Tensor& constant, Factor factor) {
  std::vector<float> values = constant_floats(constant);
  for (size_t i = 0; i < values.size(); ++i) values[i] *= factor(i);
  constant.data = bytes_of(values);
}

void scale_pair(Graph& graph, const LayerPair& pair,
                const std::vector<float>& highest) {
  const Op& first = graph.ops[pair.first];
  const Op& second = graph.ops[pair.second];
  Tensor& w1 = graph.tensors[first.inputs[1]];
  Tensor& w2 = graph.tensors[second.inputs[1]];
  const std::vector<float> factors = choose_factors(
      pair, second, weight_shares(second, w2, highest.size()), highest);
  const WeightLayout layout = weight_layout(first, w1);
  multiply(w1, [&](size_t i) {
    return factors[static_cast<size_t>(
        layout.channel(static_cast<int64_t>(i)))];
  });
  if (first.inputs.size() > 2 && first.inputs[2] >= 0) {
    multiply(graph.tensors[first.inputs[2]],
             [&](size_t i) { return factors[i]; });
  }
  const InputChannels input(second, w2);
  multiply(w2, [&](size_t i) { return 1 / factors[input(i)]; });
}

}  // namespace

bool scales_with_operand(const Op& op) {
  using Test = bool (*)(const Op&);
  static constexpr ByKind<Test> kTests({{OpKind::kMaxPool2d, pools},
                                        {OpKind::kAveragePool2d, pools},
                                        {OpKind::kPad, pads_with_zeros},
                                        {OpKind::kPadv2, pads_with_zeros},
                                        {OpKind::kMean, keeps_channels},
                                        {OpKind::kResizeNearestNeighbor, yes},
                                        {OpKind::kRelu, yes},
                                        {OpKind::kLeakyRelu, yes}});
  return kTests[op.kind] != nullptr && kTests[op.kind](op);
}

std::vector<LayerPair> find_pairs(const Graph& graph) {
  return PairFinder(graph).run();
}

std::set<int> watched_tensors(const std::vector<LayerPair>& pairs) {
  std::set<int> tensors;
  for (const LayerPair& pair : pairs) tensors.insert(pair.tensor);
  return tensors;
}

Graph equalize(const Graph& graph, const std::vector<LayerPair>& pairs,
               const std::vector<std::vector<float>>& highest) {
  Graph result = graph;
  for (const LayerPair& pair : pairs) {
    scale_pair(result, pair, highest[pair.tensor]);
  }
  return result;
}

}  // namespace shoal
