// Exporters write GELU as x * (1 + erf(x / sqrt 2)) / 2, five operators whose
// results would each be rounded to bytes. Here they become one again, which
// ONNX has since opset 20.
#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "host/model/onnx/file_values.h"
#include "host/model/onnx/model.h"
#include "host/model/onnx/parts.h"

namespace shoal::onnx_import {
namespace {

class GeluFinder {
 public:
  explicit GeluFinder(OnnxModel& model) : model_(model) {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const OnnxNode& node = model_.nodes[i];
      for (const std::string& v : node.outputs) {
        is_sound_ &= v.empty() || makers_.emplace(v, i).second;
      }
      for (const std::string& v : node.inputs) readers_[v].push_back(i);
    }
    for (const ConstantRef& c : model_.constants) {
      is_sound_ &= !makers_.contains(c->name);
      constants_[c->name] = c;
    }
    for (const OnnxEnd& end : model_.inputs) {
      is_sound_ &= !makers_.contains(end.name);
    }
    for (const OnnxEnd& end : model_.outputs) outputs_.insert(end.name);
    for (const auto* ends : {&model_.inputs, &model_.inner}) {
      for (const OnnxEnd& end : *ends) {
        if (end.shaped) ranks_[end.name] = end.dims.size();
      }
    }
  }

  void run() {
    if (!is_sound_) return;  // the conversion says what is made twice
    std::set<size_t> gone;
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      if (model_.nodes[i].type == "Erf") join(i, gone);
    }
    std::vector<OnnxNode> kept;
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      if (!gone.contains(i)) kept.push_back(std::move(model_.nodes[i]));
    }
    model_.nodes = std::move(kept);
  }

 private:
  struct Factor {
    std::string other;  // a value
    double constant;
  };

  void join(size_t erf, std::set<size_t>& gone) {
    const OnnxNode& node = model_.nodes[erf];
    if (!is(erf, "Erf", 1)) return;
    const std::optional<size_t> inner = own_maker(node.inputs[0]);
    if (!inner) return;
    const std::optional<Factor> x = factor_of(*inner);
    if (!x || !near(x->constant, std::numbers::sqrt2 / 2)) return;
    const std::optional<size_t> add = only_reader(node.outputs[0]);
    if (!add || !is(*add, "Add", 2)) return;
    const std::optional<double> one =
        constant(other_operand(*add, node.outputs[0]), x->other);
    if (!one || !near(*one, 1)) return;

    // The product of three: the sum, x and a half.
    const std::string& sum = model_.nodes[*add].outputs[0];
    const std::optional<size_t> first = only_reader(sum);
    if (!first) return;
    const std::optional<Factor> before = factor_of(*first, &x->other);
    const bool halves_sum =
        before && before->other == sum && near(before->constant, 0.5);
    if (!halves_sum && !is(*first, "Mul", 2)) return;
    const std::string other = other_operand(*first, sum);
    std::set<size_t> all{*inner, erf, *add, *first};
    size_t last = *first;
    if (!is_half_of(other, x->other, all)) {
      const std::string& product = model_.nodes[*first].outputs[0];
      const std::optional<size_t> second = only_reader(product);
      if (!second) return;
      const std::optional<Factor> half = factor_of(*second, &x->other);
      const bool halves = half && half->other == product &&
                          near(half->constant, 0.5) && other == x->other;
      const bool was_half = halves_sum && is(*second, "Mul", 2) &&
                            other_operand(*second, product) == x->other;
      if (!halves && !was_half) return;
      last = *second;
      all.insert(last);
    }
    OnnxNode& result = model_.nodes[last];
    OnnxNode gelu = part_of(result, "Gelu", {x->other}, result.outputs[0]);
    gelu.domain = "com.microsoft";
    result = std::move(gelu);
    all.erase(last);
    gone.insert(all.begin(), all.end());
  }

  // Returns whether `value` is half of x, read by nobody else.
  bool is_half_of(const std::string& value, const std::string& x,
                  std::set<size_t>& all) const {
    const std::optional<size_t> maker = own_maker(value);
    if (!maker) return false;
    const std::optional<Factor> half = factor_of(*maker);
    if (!half || half->other != x || !near(half->constant, 0.5)) return false;
    all.insert(*maker);
    return true;
  }

  static bool near(double a, double b) { return std::abs(a - b) < 1e-5 * b; }

  bool is(size_t i, const char* type, size_t inputs) const {
    const OnnxNode& node = model_.nodes[i];
    return node.type == type && is_own(node) && node.inputs.size() == inputs &&
           node.outputs.size() == 1;
  }

  std::string other_operand(size_t i, const std::string& value) const {
    const OnnxNode& node = model_.nodes[i];
    return node.inputs[node.inputs[0] == value ? 1 : 0];
  }

  // Returns the node that makes a value which one node reads.
  std::optional<size_t> own_maker(const std::string& value) const {
    const auto maker = makers_.find(value);
    if (maker == makers_.end() || !only_reader(value)) return std::nullopt;
    return maker->second;
  }

  std::optional<size_t> only_reader(const std::string& value) const {
    const auto readers = readers_.find(value);
    if (outputs_.contains(value) || readers == readers_.end() ||
        readers->second.size() != 1) {
      return std::nullopt;
    }
    return readers->second[0];
  }

  // Returns what a product or quotient multiplies by which constant. `x` has
  // the result's rank; null: the value that is multiplied.
  std::optional<Factor> factor_of(size_t i,
                                  const std::string* x = nullptr) const {
    const std::vector<std::string>& inputs = model_.nodes[i].inputs;
    if (is(i, "Mul", 2)) {
      for (const size_t k : {size_t{0}, size_t{1}}) {
        const std::string& other = inputs[1 - k];
        if (const auto c = constant(inputs[k], x ? *x : other)) {
          return Factor{other, *c};
        }
      }
    }
    if (is(i, "Div", 2)) {
      const auto c = constant(inputs[1], x ? *x : inputs[0]);
      if (c && *c != 0) return Factor{inputs[0], 1 / *c};
    }
    return std::nullopt;
  }

  // Returns the value of a constant of one element whose shape adds no axes to
  // x's. What the file does not say of x's rank is taken as one.
  std::optional<double> constant(const std::string& value,
                                 const std::string& x) const {
    const auto of_x = ranks_.find(x);
    const size_t rank =
        of_x == ranks_.end() ? 1 : std::max<size_t>(of_x->second, 1);
    const auto known = constants_.find(value);
    if (known != constants_.end()) return element(*known->second, rank);
    const auto maker = makers_.find(value);
    if (maker == makers_.end()) return std::nullopt;
    const OnnxNode& node = model_.nodes[maker->second];
    if (node.type != "Constant" || node.attributes.size() != 1) {
      return std::nullopt;
    }
    const OnnxAttribute& a = node.attributes[0];
    if (a.name == "value_float") return a.real;
    return a.tensor ? element(*a.tensor, rank) : std::nullopt;
  }

  static std::optional<double> element(const OnnxTensor& t, size_t rank) {
    if (t.dims.size() > rank || t.floats.size() != 1) return std::nullopt;
    return t.floats[0];
  }

  OnnxModel& model_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::map<std::string, ConstantRef> constants_;
  std::map<std::string, size_t> ranks_;  // those that the file says
  std::set<std::string> outputs_;
  bool is_sound_ = true;  // each value is made once
};

}  // namespace

void join_gelu(OnnxModel& model) { GeluFinder(model).run(); }

}  // namespace shoal::onnx_import
