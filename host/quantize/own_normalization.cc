#include "host/quantize/own_normalization.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "host/model/graph/operators.h"
#include "host/quantize/convert.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

// Networks are trained on values around zero, a few deviations wide.
constexpr float kFar = 8, kNarrow = 0.25f;

float at(const std::vector<float>& values, size_t i) {
  return values[std::min(i, values.size() - 1)];
}

size_t channels_of(const OwnNormalization& n) {
  return std::max(n.scale.size(), n.offset.size());
}

// The only operator that reads it; none if it is an output too.
std::optional<size_t> only_reader(const Graph& graph, int tensor) {
  if (std::ranges::count(graph.outputs, tensor) > 0) return std::nullopt;
  std::optional<size_t> reader;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    const auto uses = std::ranges::count(graph.ops[i].inputs, tensor);
    if (uses == 0) continue;
    if (reader || uses > 1) return std::nullopt;
    reader = i;
  }
  return reader;
}

bool is_plain(const Op& op) {
  const auto* fused = std::get_if<FusedAttr>(&op.attr);
  return fused == nullptr || fused->activation == Activation::kNone;
}

// One value, or one for each channel, of the constant beside `tensor`.
std::vector<float> constant_beside(const Graph& graph, const Op& op,
                                   int tensor) {
  const int other = op.inputs[op.inputs[0] == tensor ? 1 : 0];
  const Tensor& t = graph.tensors[other];
  const Tensor& x = graph.tensors[tensor];
  if (!t.constant || t.type != Type::kFloat32 || x.shape.empty()) return {};
  const int64_t count = element_count(t.shape);
  const bool by_channel = !t.shape.empty() &&
                          t.shape.back() == x.shape.back() &&
                          count == x.shape.back();
  return count == 1 || by_channel ? constant_floats(t) : std::vector<float>{};
}

// y = f(y, c) for each channel.
template <class F>
void apply(std::vector<float>& values, const std::vector<float>& by, F f) {
  std::vector<float> out(std::max(values.size(), by.size()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = f(at(values, i), at(by, i));
  values = std::move(out);
}

float plus(float v, float k) { return v + k; }
float times(float v, float k) { return v * k; }

// The next operator, of the tensor and `c`, which is the first operand if
// `turned`. False if that is no normalization.
using Values = std::vector<float>;
using Next = bool (*)(OwnNormalization&, const Values& c, bool turned);

bool sum(OwnNormalization& n, const Values& c, bool) {
  apply(n.offset, c, plus);
  return true;
}

bool difference(OwnNormalization& n, const Values& c, bool turned) {
  if (turned) {
    apply(n.scale, {-1.f}, times);
    apply(n.offset, {-1.f}, times);
    return sum(n, c, turned);
  }
  apply(n.offset, c, [](float v, float k) { return v - k; });
  return true;
}

bool product(OwnNormalization& n, const Values& c, bool) {
  apply(n.scale, c, times);
  apply(n.offset, c, times);
  return true;
}

bool quotient(OwnNormalization& n, const Values& c, bool turned) {
  if (turned) return false;
  const auto by = [](float v, float k) { return v / k; };
  apply(n.scale, c, by);
  apply(n.offset, c, by);
  return true;
}

constexpr ByKind<Next> kNext({{OpKind::kAdd, sum},
                              {OpKind::kSub, difference},
                              {OpKind::kMul, product},
                              {OpKind::kDiv, quotient}});

std::string number(float v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", static_cast<double>(v));
  return text;
}

struct Normalized {
  float low = 0, high = 0;
  bool is_sane() const {
    return low >= -kFar && high <= kFar && high - low >= kNarrow;
  }
};
Normalized normalized(const OwnNormalization& n, float low, float high) {
  Normalized s{INFINITY, -INFINITY};
  for (size_t c = 0; c < channels_of(n); ++c) {
    for (const float x : {low, high}) {
      const float y = x * at(n.scale, c) + at(n.offset, c);
      s.low = std::min(s.low, y);
      s.high = std::max(s.high, y);
    }
  }
  return s;
}

}  // namespace

std::optional<OwnNormalization> own_normalization(const Graph& graph) {
  if (graph.inputs.size() != 1) return std::nullopt;
  OwnNormalization n{{1.f}, {0.f}, graph.inputs[0], {}};
  while (const auto reader = only_reader(graph, n.result)) {
    const Op& op = graph.ops[*reader];
    const Next apply_op = kNext[op.kind];
    if (apply_op == nullptr || !is_plain(op)) break;
    const std::vector<float> c = constant_beside(graph, op, n.result);
    OwnNormalization next = n;
    if (c.empty() || !apply_op(next, c, op.inputs[0] != n.result)) break;
    if (graph.tensors[op.outputs[0]].shape != graph.tensors[n.result].shape) {
      break;
    }
    next.result = op.outputs[0];
    next.ops.push_back(*reader);
    n = std::move(next);
  }
  if (n.ops.empty() || std::ranges::count(graph.outputs, n.result) > 0) {
    return std::nullopt;
  }
  return n;
}

std::optional<Normalization> joined(const Normalization& before,
                                    const OwnNormalization& own) {
  Normalization all;
  const size_t channels = std::max({channels_of(own), before.mean.size(),
                                    before.deviation.size(), size_t{1}});
  for (size_t c = 0; c < channels; ++c) {
    const float mean = before.mean.empty() ? 0 : at(before.mean, c);
    const float by = before.deviation.empty() ? 1 : at(before.deviation, c);
    const float deviation = by / at(own.scale, c);
    all.mean.push_back(mean - at(own.offset, c) * deviation);
    all.deviation.push_back(deviation);
    if (!std::isfinite(all.mean.back()) || !std::isfinite(deviation) ||
        deviation <= 0) {
      return std::nullopt;
    }
  }
  return all;
}

Graph without_own(const Graph& graph, const OwnNormalization& own,
                  Normalization pixels) {
  Graph rest = graph;
  rest.ops.clear();
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    if (std::ranges::count(own.ops, i) == 0) rest.ops.push_back(graph.ops[i]);
  }
  rest.inputs = {own.result};
  rest.pixels = std::move(pixels);
  return without_unused(std::move(rest));
}

std::string doubt_about_input(const OwnNormalization& own, float low,
                              float high) {
  const Normalized got = normalized(own, low, high);
  if (got.is_sane()) return {};
  std::string text =
      "the model normalizes its input itself, and of values of " + number(low) +
      " to " + number(high) + " it makes " + number(got.low) + " to " +
      number(got.high);
  if (normalized(own, 0, 255).is_sane()) {
    text += ": pixels as they are would fit (--mean 0 --std 1)";
  } else if (normalized(own, 0, 1).is_sane()) {
    text += ": pixels of 0 to 1 would fit (no --mean, no --std)";
  }
  return text;
}

}  // namespace shoal
