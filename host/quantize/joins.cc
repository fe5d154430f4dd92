#include "host/quantize/joins.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <optional>

#include "host/base/floats.h"
#include "host/model/graph/loops.h"
#include "host/model/graph/operators.h"
#include "host/oracle/float/float_oracle.h"
#include "host/quantize/each_frame.h"
#include "host/quantize/equalize.h"
#include "host/quantize/observe.h"
#include "host/quantize/weights.h"

namespace shoal {
namespace {

constexpr int64_t kWatchedFrames = 16;

int64_t product(const Shape& s, size_t first, size_t last) {
  int64_t n = 1;
  for (size_t i = first; i < last; ++i) n *= s[i];
  return n;
}

// An axis, told by its size and by what lies behind it: how it is found again
// in another shape of the same elements.
struct AxisPlace {
  int size = 0;
  int64_t inner = 1;
};

AxisPlace place_of_axis(const Shape& s, int axis) {
  const auto a = static_cast<size_t>(axis);
  return {s[a], product(s, a + 1, s.size())};
}

std::optional<int> axis_at(const Shape& s, const AxisPlace& place) {
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] == place.size && product(s, i + 1, s.size()) == place.inner) {
      return static_cast<int>(i);
    }
  }
  return std::nullopt;
}

bool is_reshape(OpKind kind) { return class_of(kind) == OpClass::kReshape; }

// Where an axis of the result lies in the operand of a TRANSPOSE or RESHAPE.
std::optional<int> axis_before(const Graph& g, const Op& op, int axis) {
  if (const auto* t = std::get_if<TransposeAttr>(&op.attr)) {
    return t->perm[static_cast<size_t>(axis)];
  }
  if (!is_reshape(op.kind)) return std::nullopt;
  return axis_at(g.tensors[op.inputs[0]].shape,
                 place_of_axis(g.tensors[op.outputs[0]].shape, axis));
}

std::optional<int> axis_behind(const Graph& g, const Op& op, int axis) {
  if (const auto* t = std::get_if<TransposeAttr>(&op.attr)) {
    const auto at = std::ranges::find(t->perm, axis);
    return static_cast<int>(at - t->perm.begin());
  }
  if (!is_reshape(op.kind)) return std::nullopt;
  return axis_at(g.tensors[op.outputs[0]].shape,
                 place_of_axis(g.tensors[op.inputs[0]].shape, axis));
}

// The width of the range of every tensor, zero included.
std::vector<double> widths(const Graph& graph, const Calibration& frames) {
  std::vector<double> low(graph.tensors.size()), high(graph.tensors.size());
  FloatOracle oracle(graph);
  for (const int64_t f : spread_frames(frames.count, kWatchedFrames)) {
    const FloatValues& values = oracle.run(load_frame(graph, frames, f));
    for (size_t t = 0; t < values.size(); ++t) {
      for (const float v : values[t]) {
        if (!std::isfinite(v)) continue;
        low[t] = std::min(low[t], double{v});
        high[t] = std::max(high[t], double{v});
      }
    }
  }
  for (size_t t = 0; t < low.size(); ++t) high[t] -= low[t];
  return high;
}

bool has_joins(const Graph& graph) {
  return std::ranges::any_of(graph.ops, [](const Op& op) {
    return op.kind == OpKind::kConcatenation && op.inputs.size() > 1;
  });
}

class PartSeparation {
 public:
  PartSeparation(const Graph& graph, std::vector<double> widths,
                 std::vector<std::string>& notes)
      : graph_(graph), widths_(std::move(widths)), notes_(notes) {}

  Graph run(const JoinOptions& options) {
    find_makers();
    const size_t in_file = graph_.ops.size();
    std::vector<bool> in_loop(in_file);
    for (const Loop& loop : find_loops(graph_)) {
      std::fill(in_loop.begin() + loop.first, in_loop.begin() + loop.last,
                true);
    }
    if (!options.keep_outputs) split_outputs();
    // A loop consists of the operators of the file alone.
    for (size_t i = 0; i < in_file; ++i) {
      if (!in_loop[i]) scale_parts(static_cast<int>(i));
    }
    order(in_file);
    return std::move(graph_);
  }

 private:
  void find_makers() {
    maker_.assign(graph_.tensors.size(), -1);
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      for (const int y : graph_.ops[i].outputs) {
        maker_[y] = static_cast<int>(i);
      }
    }
  }

  const Shape& shape(int t) const { return graph_.tensors[t].shape; }

  bool are_unlike(int a, int b) const {
    const double wide = std::max(widths_[a], widths_[b]);
    const double narrow = std::min(widths_[a], widths_[b]);
    return narrow > 0 && wide > kUnlikeRanges * narrow;
  }

  bool has_unlike_parts(const Op& op) const {
    return op.kind == OpKind::kConcatenation &&
           std::ranges::any_of(
               op.inputs, [&](int x) { return are_unlike(x, op.outputs[0]); });
  }

  // The ends of the parts along an axis of a tensor.
  struct Cut {
    int axis = 0;
    std::vector<int> ends;
    bool operator==(const Cut&) const = default;
  };

  // Neighbours of like ranges stay together.
  Cut cut_of_join(const Op& op) const {
    Cut cut{std::get<AxisAttr>(op.attr).axis, {}};
    int end = 0;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      if (i > 0 && !are_unlike(op.inputs[i - 1], op.inputs[i])) {
        cut.ends.pop_back();
      }
      end += shape(op.inputs[i])[static_cast<size_t>(cut.axis)];
      cut.ends.push_back(end);
    }
    return cut;
  }

  std::optional<Cut> find_cut(int t) const {
    if (maker_[t] < 0) return std::nullopt;
    const Op& op = graph_.ops[maker_[t]];
    if (op.kind == OpKind::kConcatenation) {
      if (has_unlike_parts(op)) {
        Cut cut = cut_of_join(op);
        if (cut.ends.size() > 1) return cut;
      }
      std::optional<Cut> first = find_cut(op.inputs[0]);
      const int axis = std::get<AxisAttr>(op.attr).axis;
      if (!first || first->axis == axis) return std::nullopt;
      for (const int x : op.inputs) {
        if (find_cut(x) != first) return std::nullopt;
      }
      return first;
    }
    if (class_of(op.kind) != OpClass::kTranspose && !is_reshape(op.kind)) {
      return std::nullopt;
    }
    std::optional<Cut> cut = find_cut(op.inputs[0]);
    if (!cut) return std::nullopt;
    const auto axis = axis_behind(graph_, op, cut->axis);
    if (!axis) return std::nullopt;
    cut->axis = *axis;
    return cut;
  }

  int add_tensor(int like, const Shape& s, const std::string& name) {
    Tensor t = graph_.tensors[like];
    t.shape = s;
    t.name = name;
    t.constant = false;
    t.data.clear();
    graph_.tensors.push_back(std::move(t));
    maker_.push_back(-1);
    widths_.push_back(widths_[like]);
    return static_cast<int>(graph_.tensors.size()) - 1;
  }

  void add_op(Op op) {
    maker_[op.outputs[0]] = static_cast<int>(graph_.ops.size());
    graph_.ops.push_back(std::move(op));
  }

  int join(const std::vector<int>& parts, int axis, const std::string& name) {
    if (parts.size() == 1) return parts[0];
    Shape s = shape(parts[0]);
    auto& size = s[static_cast<size_t>(axis)];
    size = 0;
    for (const int x : parts) size += shape(x)[static_cast<size_t>(axis)];
    const int y = add_tensor(parts[0], s, name);
    for (const int x : parts) widths_[y] = std::max(widths_[y], widths_[x]);
    add_op({OpKind::kConcatenation, parts, {y}, AxisAttr{axis}});
    return y;
  }

  // The parts of a tensor between the ends of a cut that find_cut() found.
  std::vector<int> split(int t, const Cut& cut) {
    const Op op = graph_.ops[maker_[t]];
    const std::string name = graph_.tensors[t].name + "/part";
    std::vector<int> parts;
    if (op.kind == OpKind::kConcatenation) {
      const int axis = std::get<AxisAttr>(op.attr).axis;
      if (axis != cut.axis) {
        std::vector<std::vector<int>> pieces;
        for (const int x : op.inputs) pieces.push_back(split(x, cut));
        for (size_t i = 0; i < cut.ends.size(); ++i) {
          std::vector<int> all;
          for (const auto& p : pieces) all.push_back(p[i]);
          parts.push_back(join(all, axis, name));
        }
        return parts;
      }
      int end = 0;
      size_t next = 0;
      for (const int wanted : cut.ends) {
        std::vector<int> some;
        for (; end < wanted; ++next) {
          some.push_back(op.inputs[next]);
          end += shape(some.back())[static_cast<size_t>(axis)];
        }
        parts.push_back(join(some, axis, name));
      }
      return parts;
    }
    Cut before = cut;
    before.axis = *axis_before(graph_, op, cut.axis);
    int begin = 0;
    for (const int x : split(op.inputs[0], before)) {
      Shape s = shape(t);
      const int end = cut.ends[parts.size()];
      s[static_cast<size_t>(cut.axis)] = end - begin;
      begin = end;
      const int y = add_tensor(x, s, name);
      add_op({op.kind, {x}, {y}, op.attr});
      parts.push_back(y);
    }
    return parts;
  }

  bool can_be_output(int t) const {
    return maker_[t] >= 0 && !graph_.tensors[t].constant &&
           std::ranges::count(graph_.outputs, t) == 0;
  }

  void split_outputs() {
    std::vector<int> outputs;
    for (const int t : graph_.outputs) {
      const std::optional<Cut> cut = find_cut(t);
      if (!cut) {
        outputs.push_back(t);
        continue;
      }
      const size_t ops = graph_.ops.size();
      const std::vector<int> parts = split(t, *cut);
      if (!std::ranges::all_of(parts,
                               [&](int p) { return can_be_output(p); })) {
        graph_.ops.resize(ops);
        for (int& m : maker_) m = m < static_cast<int>(ops) ? m : -1;
        outputs.push_back(t);
        continue;
      }
      const std::string name = graph_.tensors[t].name;
      std::string sizes;
      int begin = 0;
      for (size_t i = 0; i < parts.size(); ++i) {
        graph_.tensors[parts[i]].name = name + "/" + std::to_string(i + 1);
        sizes += (i > 0 ? ", " : "") + std::to_string(begin) + " to " +
                 std::to_string(cut->ends[i] - 1) + range_text(parts[i]);
        begin = cut->ends[i];
        outputs.push_back(parts[i]);
      }
      notes_.push_back("output '" + name + "' becomes " +
                       std::to_string(parts.size()) + " outputs, '" + name +
                       "/1' and on: its parts along axis " +
                       std::to_string(cut->axis) + " (" + sizes +
                       ") have unlike ranges and keep their scales");
    }
    graph_.outputs = std::move(outputs);
  }

  std::string range_text(int t) const {
    char text[32];
    std::snprintf(text, sizeof text, ": %.3g wide", widths_[t]);
    return text;
  }

  // The layers whose weights read a join, each with where its channels lie.
  struct Reader {
    int op = 0;
    AxisPlace channels;
  };

  bool find_readers(int t, const AxisPlace& place,
                    std::vector<Reader>& readers) const {
    if (std::ranges::count(graph_.outputs, t) > 0) return false;
    bool any = false;
    for (size_t i = 0; i < graph_.ops.size(); ++i) {
      const Op& op = graph_.ops[i];
      if (std::ranges::count(op.inputs, t) == 0) continue;
      any = true;
      if (op.inputs[0] != t || std::ranges::count(op.inputs, t) > 1) {
        return false;
      }
      if (has_weights(op.kind)) {
        if (!reads_whole(op, place)) return false;
        readers.push_back({static_cast<int>(i), place});
        continue;
      }
      const auto behind = followed(op, place);
      if (!behind || !find_readers(op.outputs[0], *behind, readers)) {
        return false;
      }
    }
    return any;
  }

  // Returns whether each weight of the layer reads one element along the axis.
  bool reads_whole(const Op& op, const AxisPlace& place) const {
    const Tensor& w = graph_.tensors[op.inputs[1]];
    if (!w.constant || w.type != Type::kFloat32) return false;
    if (op.kind == OpKind::kFullyConnected) {
      return w.shape.back() % (place.inner * place.size) == 0;
    }
    if (place.inner != 1) return false;
    if (op.kind != OpKind::kDepthwiseConv2d) {
      return w.shape.back() == place.size;
    }
    return w.shape.back() ==
           place.size * std::get<WindowAttr>(op.attr).depth_multiplier;
  }

  // The place behind an operator that scales with its operand. A RESHAPE keeps
  // it, even if no axis of the result is that one.
  std::optional<AxisPlace> followed(const Op& op,
                                    const AxisPlace& place) const {
    if (is_reshape(op.kind)) return place;
    const Shape& x = shape(op.inputs[0]);
    const std::optional<int> axis = axis_at(x, place);
    if (!axis) return std::nullopt;
    if (class_of(op.kind) == OpClass::kTranspose) {
      return place_of_axis(shape(op.outputs[0]),
                           *axis_behind(graph_, op, *axis));
    }
    const bool last = *axis + 1 == static_cast<int>(x.size());
    if (!last || !scales_with_operand(op)) return std::nullopt;
    return place;
  }

  void scale_parts(int number) {
    const Op op = graph_.ops[number];
    if (!has_unlike_parts(op)) return;
    const int axis = std::get<AxisAttr>(op.attr).axis;
    std::vector<Reader> readers;
    const AxisPlace place = place_of_axis(shape(op.outputs[0]), axis);
    if (!find_readers(op.outputs[0], place, readers)) return;
    std::vector<float> factors;  // of each element along the axis
    std::string names;
    for (size_t i = 0; i < op.inputs.size(); ++i) {
      const int x = op.inputs[i];
      float factor = 1;
      if (are_unlike(x, op.outputs[0]) && !graph_.tensors[x].constant) {
        factor = static_cast<float>(widths_[op.outputs[0]] / widths_[x]);
        names += (names.empty() ? "'" : ", '") + graph_.tensors[x].name + "'";
        graph_.ops[number].inputs[i] = multiplied(x, factor);
      }
      factors.insert(factors.end(),
                     static_cast<size_t>(shape(x)[static_cast<size_t>(axis)]),
                     factor);
    }
    if (names.empty()) return;
    for (const Reader& r : readers) divide_weights(r, factors);
    notes_.push_back("CONCATENATION '" + graph_.tensors[op.outputs[0]].name +
                     "' has parts of unlike ranges: " + names +
                     " are scaled up for it, and the weights behind down");
  }

  int multiplied(int x, float factor) {
    Tensor c;
    c.name = graph_.tensors[x].name + "/factor";
    c.type = c.file_type = Type::kFloat32;
    c.constant = true;
    c.data = bytes_of(std::vector<float>{factor});
    graph_.tensors.push_back(std::move(c));
    maker_.push_back(-1);
    widths_.push_back(factor);
    const int constant = static_cast<int>(graph_.tensors.size()) - 1;
    const int y = add_tensor(x, shape(x), graph_.tensors[x].name + "/scaled");
    widths_[y] *= factor;
    add_op({OpKind::kMul, {x, constant}, {y}, FusedAttr{}});
    return y;
  }

  void divide_weights(const Reader& r, const std::vector<float>& factors) {
    Op& op = graph_.ops[r.op];
    Tensor w = graph_.tensors[op.inputs[1]];
    const auto last = static_cast<size_t>(w.shape.back());
    const size_t multiplier =
        op.kind == OpKind::kDepthwiseConv2d
            ? static_cast<size_t>(
                  std::get<WindowAttr>(op.attr).depth_multiplier)
            : 1;
    const auto inner = static_cast<size_t>(r.channels.inner) * multiplier;
    std::vector<float> values = constant_floats(w);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] /= factors[i % last / inner % factors.size()];
    }
    w.data = bytes_of(values);
    w.name += "/divided";
    graph_.tensors.push_back(std::move(w));
    maker_.push_back(-1);
    widths_.push_back(0);
    op.inputs[1] = static_cast<int>(graph_.tensors.size()) - 1;
  }

  // The operators of the file stay in its order, in which loops are whole; an
  // added one stands in front of the first that reads it. Those that no output
  // needs are gone.
  void order(size_t in_file) {
    std::vector<bool> needed(graph_.tensors.size());
    std::function<void(int)> need = [&](int t) {
      if (t < 0 || needed[t]) return;
      needed[t] = true;
      if (maker_[t] < 0) return;
      for (const int x : graph_.ops[maker_[t]].inputs) need(x);
    };
    for (const int t : graph_.outputs) need(t);
    for (const Variable& v : graph_.variables) need(v.after);
    std::vector<Op> ops;
    std::vector<bool> placed(graph_.ops.size());
    const std::function<void(int)> place_added = [&](int t) {
      if (t < 0 || maker_[t] < static_cast<int>(in_file)) return;
      const int number = maker_[t];
      if (placed[number]) return;
      placed[number] = true;
      for (const int x : graph_.ops[number].inputs) place_added(x);
      ops.push_back(graph_.ops[number]);
    };
    for (size_t i = 0; i < in_file; ++i) {
      const Op& op = graph_.ops[i];
      const auto is_needed = [&](int y) { return needed[y]; };
      if (std::ranges::none_of(op.outputs, is_needed)) continue;
      for (const int x : op.inputs) place_added(x);
      ops.push_back(op);
    }
    for (const int t : graph_.outputs) place_added(t);
    for (const Variable& v : graph_.variables) place_added(v.after);
    graph_.ops = std::move(ops);
  }

  Graph graph_;
  std::vector<double> widths_;
  std::vector<std::string>& notes_;
  std::vector<int> maker_;  // operator, by tensor
};

}  // namespace

Graph separate_parts(const Graph& graph, const Calibration& calibration,
                     const JoinOptions& options,
                     std::vector<std::string>& notes) {
  if (!has_joins(graph)) return graph;
  std::vector<std::string> changes;
  Graph result =
      PartSeparation(graph, widths(graph, calibration), changes).run(options);
  if (changes.empty()) return graph;
  notes.insert(notes.end(), changes.begin(), changes.end());
  return result;
}

}  // namespace shoal
