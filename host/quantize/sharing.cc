#include "host/quantize/sharing.h"

#include <algorithm>
#include <numeric>

#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/quantize/quantizable.h"

namespace shoal {

bool is_weights_operand(const Op& op, size_t operand) {
  return operand > 0 && has_weights(op.kind);
}

std::optional<Params> fixed_params(OpKind kind, bool int16) {
  if (int16) {
    const bool fixed = kind == OpKind::kSoftmax || kind == OpKind::kLogistic ||
                       kind == OpKind::kTanh;
    return fixed ? std::optional(Params{1 / 32768.f, 0}) : std::nullopt;
  }
  constexpr Params kPart{1 / 256.f, -128};
  static constexpr ByKind<std::optional<Params>> kFixed(
      {{OpKind::kSoftmax, kPart},
       {OpKind::kLogistic, kPart},
       {OpKind::kLogSoftmax, Params{1 / 16.f, 127}},
       {OpKind::kL2Normalization, Params{1 / 128.f, 0}},
       {OpKind::kTanh, Params{1 / 128.f, 0}}});
  return kFixed[kind];
}

bool keeps_scale(OpKind kind) {
  const ResultBytes result = op_info(kind).result;
  return result == ResultBytes::kSameScale || result == ResultBytes::kOfOperand;
}

bool joins_operands(OpKind kind) {
  return op_info(kind).result == ResultBytes::kOfOperands;
}

namespace {

// Results cannot be much finer than operands of these scales allow: ADD and SUB
// work at 2^-20 of the larger one's, SQUARED_DIFFERENCE at 2^-14 of twice the
// larger one's, squared, HARD_SWISH at 1/128 of its operand's; quotients have a
// finest one, too.
double finest_sum(double a, double b) { return 0x1p-18 * std::max(a, b); }
double finest_square(double a, double b) {
  const double most = std::max(a, b);
  return 1.01 * 0x1p-12 * most * most;
}
double finest_quotient(double a, double b) { return 0x1p-21 * a / b; }
double finest_swish(double a, double) { return 1.01 / 128 * a; }
double any_scale(double, double) { return 0; }
// The same for int16: sums work at 2^-15 of the larger scale.
double finest16(OpKind kind, double a, double b) {
  const bool sum = kind == OpKind::kAdd || kind == OpKind::kSub;
  return sum ? 0x1p-13 * std::max(a, b) : 0;
}
constexpr ByKind<double (*)(double a, double b)> kFinest(
    {{OpKind::kAdd, finest_sum},
     {OpKind::kSub, finest_sum},
     {OpKind::kSquaredDifference, finest_square},
     {OpKind::kDiv, finest_quotient},
     {OpKind::kHardSwish, finest_swish}},
    any_scale);

class ScaleSharing {
 public:
  ScaleSharing(const Graph& graph, const std::vector<Histogram>& seen,
               const QuantizeOptions& options)
      : graph_(graph),
        seen_(seen),
        options_(options),
        parent_(graph.tensors.size()),
        given_(graph.tensors.size()),
        readers_(graph.tensors.size(), 0) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }

  Scales run() {
    count_readers();
    give();
    for (const Op& op : graph_.ops) {
      if (!keeps_scale(op.kind)) continue;
      for (const int y : op.outputs) unite(op.inputs[0], y);
      if (op.kind == OpKind::kDelay) unite(op.inputs[1], op.outputs[0]);
    }
    for (const Variable& v : graph_.variables) unite(v.before, v.after);
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      if (joins_operands(graph_.ops[i].kind)) join(static_cast<int>(i));
    }
    assign();
    coarsen();
    return std::move(scales_);
  }

 private:
  int root(int t) const {
    while (parent_[t] != t) t = parent_[t];
    return t;
  }

  void unite(int a, int b) {
    const int ra = root(a), rb = root(b);
    if (ra == rb) return;
    parent_[rb] = ra;
    if (!given_[ra]) given_[ra] = given_[rb];
  }

  void count_readers() {
    for (const Op& op : graph_.ops) {
      for (const int t : op.inputs) {
        if (t >= 0) ++readers_[t];
      }
    }
    for (const int t : graph_.outputs) ++readers_[t];
  }

  void give() {
    for (size_t i = 0; i < options_.input_ranges.size(); ++i) {
      const auto [low, high] = options_.input_ranges[i];
      given_[graph_.inputs[i]] = params_for({low, high});
    }
    for (const Op& op : graph_.ops) {
      const std::optional<Params> fixed = fixed_params(op.kind, options_.int16);
      if (fixed) given_[op.outputs[0]] = fixed;
    }
  }

  // Results that only move what others made say nothing new. What RELU6 cuts
  // off, nobody else needs.
  std::vector<bool> counted() const {
    std::vector<bool> result(graph_.tensors.size(), true);
    for (const Op& op : graph_.ops) {
      if (!keeps_scale(op.kind)) continue;
      const bool cut = op.kind == OpKind::kRelu6 && readers_[op.inputs[0]] == 1;
      if (cut) result[op.inputs[0]] = false;
      for (const int y : op.outputs) result[y] = cut;
    }
    return result;
  }

  // The range of all tensors that share a scale, at the root of each group.
  std::vector<ValueRange> ranges() const {
    std::vector<Histogram> sums(graph_.tensors.size());
    std::vector<ValueRange> least(graph_.tensors.size());
    const std::vector<bool> counts = counted();
    for (size_t t = 0; t < graph_.tensors.size(); ++t) {
      if (!counts[t]) continue;
      const int r = root(static_cast<int>(t));
      sums[r].add(seen_[t]);
      if (graph_.tensors[t].constant) {
        least[r] = joined(least[r], whole(seen_[t]));
      }
    }
    for (const Op& op : graph_.ops) {
      if (op.kind != OpKind::kPadv2) continue;
      const int r = root(op.inputs[0]);
      const double v = std::get<PadAttr>(op.attr).real;
      if (v > kLowest)
        least[r] = joined(least[r], {std::min(v, 0.), std::max(v, 0.)});
    }
    const std::vector<double> below = below_zero();
    for (size_t t = 0; t < sums.size(); ++t) {
      least[t] = joined(least[t], choose_range(sums[t], options_, below[t]));
    }
    return least;
  }

  // The weight of errors of negative values, by tensor: less than 1 if no other
  // tensor shares the scale and the only reader is a rectifier.
  std::vector<double> below_zero() const {
    std::vector<double> weights(graph_.tensors.size(), 1);
    std::vector<int> members(graph_.tensors.size(), 0);
    for (size_t t = 0; t < members.size(); ++t) {
      ++members[root(static_cast<int>(t))];
    }
    for (const Op& op : graph_.ops) {
      const int x = op.inputs[0];
      if (readers_[x] != 1 || members[root(x)] != 1) continue;
      if (op.kind == OpKind::kRelu) weights[x] = 0;
      if (op.kind == OpKind::kLeakyRelu) {
        const double alpha = std::get<AlphaAttr>(op.attr).value;
        weights[x] = std::min(1.0, alpha * alpha);
      }
    }
    return weights;
  }

  static ValueRange whole(const Histogram& h) {
    return {std::min<double>(h.lowest(), 0), std::max<double>(h.highest(), 0)};
  }

  void join(int number) {
    const Op& op = graph_.ops[number];
    const int y = op.outputs[0];
    if (is_bool(graph_.tensors[y])) return;
    // The condition of a SELECT_V2 has no scale.
    const size_t first_value = op.kind == OpKind::kSelectV2 ? 1 : 0;
    const std::optional<Params> first = given_[root(op.inputs[first_value])];
    const bool all_given =
        first && std::all_of(op.inputs.begin() + first_value, op.inputs.end(),
                             [&](int x) { return given_[root(x)] == first; });
    const ValueRange wide = whole(seen_[y]);
    for (size_t i = first_value; i < op.inputs.size(); ++i) {
      const int x = op.inputs[i];
      if (all_given || shares(x, wide)) {
        unite(y, x);
      } else {
        scales_.requantized.emplace(number, static_cast<int>(i));
      }
    }
  }

  bool shares(int x, const ValueRange& wide) const {
    constexpr double kLoss = 2;
    if (given_[root(x)]) return false;
    if (readers_[x] < 2) return true;
    const ValueRange own = whole(seen_[x]);
    return wide.high - wide.low <= kLoss * (own.high - own.low);
  }

  static bool is_empty(const ValueRange& range) {
    constexpr double kTiny = 0x1p-50;  // scales above the importer's least
    return range.high - range.low < kTiny;
  }

  // A tensor without observed values (a layer that training has left dead, say)
  // gets a range of about the size of its operands'.
  void give_to_silent(const std::vector<ValueRange>& all) {
    for (const Op& op : graph_.ops) {
      for (const int y : op.outputs) {
        const int r = root(y), x = root(op.inputs[0]);
        if (given_[r] || !is_empty(all[r])) continue;
        given_[r] = Params{(given_[x] ? *given_[x] : params(all[x])).scale, 0};
      }
    }
  }

  void check_ends(const std::vector<ValueRange>& all) const {
    const auto silent = [&](int t) {
      return !given_[root(t)] && is_empty(all[root(t)]);
    };
    for (const int t : graph_.inputs) {
      if (readers_[t] == 0 || !silent(t)) continue;
      const auto state =
          std::ranges::find(graph_.variables, t, &Variable::before);
      if (state != graph_.variables.end()) {
        throw Error(Exit::kUsage,
                    "state '" + state->name +
                        "' is always zero in the calibration frames",
                    "calibrate with frames that change it, or do not keep it "
                    "with --carry");
      }
      throw Error(Exit::kUsage,
                  "input '" + graph_.tensors[t].name +
                      "' is zero in all calibration frames",
                  "calibrate with frames in which it is not zero");
    }
    if (!std::all_of(graph_.outputs.begin(), graph_.outputs.end(), silent)) {
      return;
    }
    throw Error(Exit::kUnsupported,
                graph_.name + ": all outputs are zero in all frames",
                "calibrate with other frames, or correct the model");
  }

  void assign() {
    const std::vector<ValueRange> all = ranges();
    check_ends(all);
    give_to_silent(all);
    std::vector<bool> used(graph_.tensors.size(), false);
    for (const Op& op : graph_.ops) {
      for (size_t i = 0; i < op.inputs.size(); ++i) {
        if (!is_weights_operand(op, i)) used[op.inputs[i]] = true;
      }
      for (const int y : op.outputs) used[y] = true;
    }
    scales_.params.resize(graph_.tensors.size());
    for (size_t t = 0; t < used.size(); ++t) {
      if (!used[t]) continue;
      const int r = root(static_cast<int>(t));
      scales_.params[t] = given_[r] ? *given_[r] : params(all[r]);
    }
  }

  // Constants of zeros are as good in any scale.
  Params params(const ValueRange& range) const {
    return is_empty(range) ? Params{0x1p-7f, 0} : params_for(range);
  }

  Params params_for(const ValueRange& range) const {
    return options_.int16 ? params16_of(range) : params_of(range);
  }

  void coarsen() {
    for (const Op& op : graph_.ops) {
      const double a = scale(op.inputs[0]);
      const double b = op.inputs.size() > 1 ? scale(op.inputs[1]) : 0;
      const double least =
          options_.int16 ? finest16(op.kind, a, b) : kFinest[op.kind](a, b);
      const int y = op.outputs[0];
      if (given_[root(y)] || scale(y) >= least) continue;
      const ValueRange wide = options_.int16 ? range16_of(scales_.params[y])
                                             : range_of(scales_.params[y]);
      const double factor = least / scale(y);
      const Params coarse = params_for({wide.low * factor, wide.high * factor});
      for (size_t t = 0; t < parent_.size(); ++t) {
        if (root(static_cast<int>(t)) == root(y)) scales_.params[t] = coarse;
      }
    }
  }

  double scale(int t) const { return scales_.params[t].scale; }

  const Graph& graph_;
  const std::vector<Histogram>& seen_;
  const QuantizeOptions& options_;
  std::vector<int> parent_;
  std::vector<std::optional<Params>> given_;  // by root
  std::vector<int> readers_;
  Scales scales_;
};

}  // namespace

Scales choose_scales(const Graph& graph, const std::vector<Histogram>& seen,
                     const QuantizeOptions& options) {
  return ScaleSharing(graph, seen, options).run();
}

}  // namespace shoal
