// Bytes of a DynamicQuantizeLinear are the values themselves here
// (quantization.cc), so a product behind it is one of real values by the
// weights' integers, which the file's own Mul scales.
//
// Other products have integers as results. Behind a Cast, times a constant, or
// at an output of the model these become real values by a walk from there to
// the products. Constants that are added and signs that turn go on to the
// products, so what else lies between moves or clamps values: each is a maximum
// or minimum of real values, and maxima of negative ones are minima.
#include "host/model/onnx/integers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/model/onnx/integer_products.h"
#include "host/model/onnx/parts.h"

namespace shoal::onnx_import {
namespace {

// Real files have few operators between a product and its Cast.
constexpr int kMostOperators = 64;

class Integers {
 public:
  Integers(OnnxModel& model, const Budget& budget, const std::string& name)
      : model_(model),
        values_(model),
        products_(model, values_, budget, name) {}

  bool run() {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const OnnxNode& node = model_.nodes[i];
      if (is_cast(node)) make_real(node);
      for (OnnxEnd& end : model_.outputs) {
        if (end.type != kOnnxInt32 || values_.maker(end.name) != &node)
          continue;
        end.has_sums = replace(node, end.name, end.name, {});
      }
    }
    std::vector<OnnxNode> nodes;
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const auto made = made_.find(i);
      if (made != made_.end()) {
        std::ranges::move(made->second, std::back_inserter(nodes));
      } else if (!expand_dynamic(model_.nodes[i], nodes)) {
        nodes.push_back(model_.nodes[i]);
      }
    }
    model_.nodes = std::move(nodes);
    return dynamic_;
  }

 private:
  static bool is_cast(const OnnxNode& node) {
    return is_own(node) && node.type == "Cast" && node.outputs.size() == 1 &&
           std::ranges::any_of(node.attributes, [](const OnnxAttribute& a) {
             return a.name == "to" && a.integer == kOnnxFloat;
           });
  }
  bool is_dynamic(const std::string& value) const {
    const OnnxNode* node = values_.maker(value);
    return node != nullptr && node->type == "DynamicQuantizeLinear";
  }
  bool is_product(const OnnxNode& node) const {
    return !is_dynamic(operand(node, 0)) &&
           (products_.is_computed(node) ||
            (products_.is_pair(node) && !is_dynamic(operand(node, 1))));
  }
  bool is_constant(const std::string& value) const {
    return values_.constant(value) != nullptr;
  }

  // The Cast and each product of it with a constant behind it.
  void make_real(const OnnxNode& cast) {
    const std::string &integers = operand(cast, 0), &real = cast.outputs[0];
    for (const size_t i : values_.readers(real)) {
      const OnnxNode& node = model_.nodes[i];
      const bool divides = node.type == "Div" && operand(node, 0) == real;
      if (!is_own(node) || node.outputs.size() != 1 ||
          !(divides || node.type == "Mul")) {
        continue;
      }
      const std::string by = operand(node, operand(node, 0) == real ? 1 : 0);
      replace(node, integers, node.outputs[0], by, divides);
    }
    replace(cast, integers, real, {});
  }

  // Replaces the node by nodes that make the integers times `by` ("": 1), if
  // these are of products, and the numbers are above zero or all below.
  bool replace(const OnnxNode& node, const std::string& integers,
               const std::string& result, const std::string& by,
               bool divides = false) {
    Walk walk{{}, {}, &node, {}, 0};
    int sign = 1;
    if (!by.empty()) {
      std::optional<Reals> reals = values_.reals(by);
      if (!reals || reals->values.empty()) return false;
      sign = reals->values[0] < 0 ? -1 : 1;
      for (const float v : reals->values) {
        if (!(static_cast<float>(sign) * v > 0)) return false;
      }
      walk.factor = {by, std::move(*reals)};
      if (divides) change_factor(walk, "Reciprocal", result + ":reciprocal");
      if (sign < 0) change_factor(walk, "Neg", result + ":positive");
    }
    walk.rounds = result != integers;
    if (!walk_to(integers, {sign, {}}, result, walk)) return false;
    made_[values_.number_of(node)] = std::move(walk.nodes);
    return true;
  }

  // The nodes that a walk from one Cast has made.
  struct Walk {
    Factor factor;
    std::vector<OnnxNode> nodes;
    const OnnxNode* of;
    // Real values of integers; two readers of one want the same.
    std::map<std::pair<std::string, Affine>, std::string> made;
    int steps;
    bool rounds = true;  // a QuantizeLinear behind it does; else an output
  };

  static OnnxNode& add(Walk& walk, const char* type,
                       std::vector<std::string> inputs, std::string output) {
    return walk.nodes.emplace_back(
        part_of(*walk.of, type, std::move(inputs), std::move(output)));
  }
  static void change_factor(Walk& walk, const char* type,
                            const std::string& name) {
    add(walk, type, {walk.factor.value}, name);
    walk.factor.value = name;
  }

  // Makes `result`: what `to` and the factor make of the integers. Returns
  // false if it is no product's.
  bool walk_to(const std::string& integers, const Affine& to,
               const std::string& result, Walk& walk) {
    if (++walk.steps > kMostOperators) return false;
    std::vector<Term> terms;
    std::vector<Offset> offsets;
    if (find_terms(integers, to.sign, terms, offsets, kMostOperators)) {
      for (size_t i = 0; i < to.offsets.size(); ++i) {
        const Offset& o = to.offsets[i];
        if (find_terms(o.value, o.sign, terms, offsets, kMostOperators)) {
          continue;
        }
        // It is clamped: what is added to it is added to its bounds as well.
        return walk_to(o.value, to.behind(i).plus(integers, to.sign), result,
                       walk);
      }
      const bool has_layer =
          walk.rounds || std::ranges::all_of(terms, [this](const Term& t) {
            return products_.is_computed(*t.node);
          });
      return !terms.empty() && has_layer &&
             products_.append(terms, offsets, walk.factor, result, walk.nodes);
    }
    const OnnxNode* node = values_.maker(integers);
    if (node == nullptr || !is_own(*node) || node->outputs.size() != 1) {
      return false;
    }
    const std::string &first = operand(*node, 0), &second = operand(*node, 1);
    if (node->type == "Identity") return walk_to(first, to, result, walk);
    if (node->type == "Neg") return walk_to(first, to.times(-1), result, walk);
    if (node->type == "Add" || node->type == "Sub") {
      const int sign = node->type == "Sub" ? -1 : 1;
      if (is_constant(first)) {
        return walk_to(second, to.plus(first, to.sign).times(sign), result,
                       walk);
      }
      return walk_to(first, to.plus(second, to.sign * sign), result, walk);
    }
    if (node->type == "Max" || node->type == "Min" || node->type == "Clip" ||
        node->type == "Relu") {
      return clamp(*node, to, result, walk);
    }
    return move(*node, to, result, walk);
  }

  // Collects the products and constants that make up the integers. Returns
  // false if anything else does.
  bool find_terms(const std::string& integers, int sign,
                  std::vector<Term>& terms, std::vector<Offset>& offsets,
                  int steps) const {
    if (is_constant(integers)) {
      offsets.push_back({integers, sign});
      return true;
    }
    const OnnxNode* node = values_.maker(integers);
    if (node == nullptr || steps == 0 ||
        terms.size() + offsets.size() > kMostOperators) {
      return false;
    }
    if (is_product(*node)) {
      terms.push_back({node, sign});
      return true;
    }
    if (!is_own(*node) || node->outputs.size() != 1) return false;
    const bool negates = node->type == "Neg", subtracts = node->type == "Sub";
    if (negates || node->type == "Identity") {
      return find_terms(operand(*node, 0), negates ? -sign : sign, terms,
                        offsets, steps - 1);
    }
    return (subtracts || node->type == "Add") &&
           find_terms(operand(*node, 0), sign, terms, offsets, steps - 1) &&
           find_terms(operand(*node, 1), subtracts ? -sign : sign, terms,
                      offsets, steps - 1);
  }

  // The same real value for each reader that wants it.
  std::optional<std::string> real_of(const std::string& integers,
                                     const Affine& to, Walk& walk) {
    const std::pair key{integers, to};
    const auto found = walk.made.find(key);
    if (found != walk.made.end()) return found->second;
    const std::string name = walk.of->outputs[0] + ":real " +
                             std::to_string(walk.made.size()) + " of " +
                             integers;
    if (!walk_to(integers, to, name, walk)) return std::nullopt;
    walk.made[key] = name;
    return name;
  }

  std::string zero(const std::string& name) {
    OnnxTensor t;
    t.floats = {0};
    t.name = name;
    model_.constants.push_back(
        std::make_shared<const OnnxTensor>(std::move(t)));
    return name;
  }

  // A constant ("": zero) as what `to` and the factor make of it.
  std::string real_constant(const std::string& value, const Affine& to,
                            const std::string& name, Walk& walk) {
    std::string sum;
    std::vector<Offset> parts = to.offsets;
    if (!value.empty()) parts.insert(parts.begin(), {value, to.sign});
    if (parts.empty()) return zero(name);
    for (size_t i = 0; i < parts.size(); ++i) {
      const std::string part = name + " " + std::to_string(i);
      set_integer(add(walk, "Cast", {parts[i].value}, part), "to", kOnnxFloat);
      std::string real = part;
      if (parts[i].sign < 0) add(walk, "Neg", {part}, real = part + " negated");
      if (i > 0) add(walk, "Add", {sum, real}, part + " sum");
      sum = i > 0 ? part + " sum" : real;
    }
    if (walk.factor.value.empty()) return sum;
    add(walk, "Mul", {sum, walk.factor.value}, name);
    return name;
  }

  // The bound ("": zero) as what `to` and the factor make of it.
  std::optional<std::string> real_bound(const std::string& constant,
                                        const Affine& to,
                                        const std::string& name, Walk& walk) {
    const auto computed = std::ranges::find_if(
        to.offsets, [this](const Offset& o) { return !is_constant(o.value); });
    if (computed == to.offsets.end()) {
      return real_constant(constant, to, name, walk);
    }
    const Affine rest =
        to.behind(static_cast<size_t>(computed - to.offsets.begin()));
    return real_of(computed->value,
                   constant.empty() ? rest : rest.plus(constant, to.sign),
                   walk);
  }

  // Max, Min, Clip and Relu are one or two bounds.
  bool clamp(const OnnxNode& node, const Affine& to, const std::string& result,
             Walk& walk) {
    struct Bound {
      const char* type;
      std::string constant;
    };
    const auto turned = [&](bool lower) {
      return lower == (to.sign > 0) ? "Max" : "Min";
    };
    std::vector<Bound> bounds;
    std::vector<std::string> computed;
    if (node.type == "Relu") {
      bounds.push_back({turned(true), ""});
      computed.push_back(operand(node, 0));
    } else if (node.type == "Clip") {
      computed.push_back(operand(node, 0));
      for (const size_t i : {size_t{1}, size_t{2}}) {
        const std::string bound = operand(node, i);
        if (bound.empty()) continue;
        if (!is_constant(bound)) return false;
        bounds.push_back({turned(i == 1), bound});
      }
    } else {
      for (const std::string& value : node.inputs) {
        if (is_constant(value)) {
          bounds.push_back({turned(node.type == "Max"), value});
        } else {
          computed.push_back(value);
        }
      }
    }
    if (computed.empty()) return false;
    std::vector<std::string> reals;
    for (const std::string& value : computed) {
      const std::optional<std::string> real = real_of(value, to, walk);
      if (!real) return false;
      reals.push_back(*real);
    }
    std::string made = reals[0];
    size_t left = reals.size() - 1 + bounds.size();
    if (left == 0) add(walk, "Identity", {made}, result);
    const auto bound = [&](const char* type, const std::string& by) {
      const std::string name =
          --left == 0 ? result : result + ":bound " + std::to_string(left);
      add(walk, type, {made, by}, name);
      made = name;
    };
    for (size_t i = 1; i < reals.size(); ++i) {
      bound(turned(node.type == "Max"), reals[i]);
    }
    for (const Bound& b : bounds) {
      const std::string name = result + ":limit " + std::to_string(left);
      const std::optional<std::string> real =
          real_bound(b.constant, to, name, walk);
      if (!real) return false;
      bound(b.type, *real);
    }
    return true;
  }

  // Constants that are added have to be the same for all elements here.
  bool move(const OnnxNode& node, const Affine& to, const std::string& result,
            Walk& walk) {
    constexpr const char* kMoves[] = {"Flatten",  "Reshape", "Slice",
                                      "Squeeze",  "Concat",  "Transpose",
                                      "Unsqueeze"};
    const bool joins = node.type == "Concat";
    if (std::ranges::find(kMoves, node.type) == std::end(kMoves) ||
        !walk.factor.is_number() ||
        !std::ranges::all_of(to.offsets, [&](const Offset& o) {
          const OnnxTensor* const t = values_.constant(o.value);
          return t != nullptr && t->count() == 1;
        })) {
      return false;
    }
    OnnxNode made = node;
    made.outputs = {result};
    for (size_t i = 0; i < (joins ? made.inputs.size() : 1); ++i) {
      const std::string value = operand(node, i);
      if (is_constant(value)) {
        const std::string name = result + ":part " + std::to_string(i);
        made.inputs[i] = real_constant(value, to, name, walk);
        continue;
      }
      const std::optional<std::string> real = real_of(value, to, walk);
      if (!real) return false;
      made.inputs[i] = *real;
    }
    walk.nodes.push_back(std::move(made));
    return true;
  }

  // The operators into which ONNX Runtime fuses a dynamically quantized
  // product, its scales and its bias when it optimizes a file.
  struct Fused {
    const char* type;
    size_t scale, zero, bias;  // of the weights
  };
  static constexpr Fused kFused[] = {
      {"DynamicQuantizeMatMul", 2, 3, 4},
      {"MatMulIntegerToFloat", 3, 5, 6},
  };

  bool expand_dynamic(const OnnxNode& node, std::vector<OnnxNode>& out) {
    const auto add = [&](const char* type, std::vector<std::string> inputs,
                         const std::string& output) -> OnnxNode& {
      return out.emplace_back(part_of(node, type, std::move(inputs), output));
    };
    if (IntegerProducts::is_product(node) && is_dynamic(operand(node, 0))) {
      const std::string w =
          real_weights(node, operand(node, 1), operand(node, 3), out);
      add(node.type == "ConvInteger" ? "Conv" : "MatMul", {operand(node, 0), w},
          node.outputs[0])
          .attributes = node.attributes;
      return dynamic_ = true;
    }
    for (const Fused& f : kFused) {
      if (node.domain != "com.microsoft" || node.type != f.type) continue;
      const bool floats = f.scale == 2;  // it quantizes its operand itself
      if (node.outputs.size() != 1 || operand(node, f.scale).empty() ||
          !(floats || is_dynamic(operand(node, 0)))) {
        return false;
      }
      const std::string &y = node.outputs[0], scaled = y + ":weights scaled";
      const std::string w =
          real_weights(node, operand(node, 1), operand(node, f.zero), out);
      add("Mul", {w, operand(node, f.scale)}, scaled);
      const std::string bias = operand(node, f.bias);
      add("MatMul", {operand(node, 0), scaled},
          bias.empty() ? y : y + ":product");
      if (!bias.empty()) add("Add", {y + ":product", bias}, y);
      return dynamic_ = true;
    }
    return false;
  }

  // The integers of the weights as real values; bytes of a
  // DynamicQuantizeLinear are real already.
  std::string real_weights(const OnnxNode& node, const std::string& weights,
                           const std::string& zero,
                           std::vector<OnnxNode>& out) {
    if (is_dynamic(weights)) return weights;
    const auto to_real = [&](const std::string& integers, const char* name) {
      OnnxNode& cast = out.emplace_back(
          part_of(node, "Cast", {integers}, node.outputs[0] + name));
      set_integer(cast, "to", kOnnxFloat);
      return cast.outputs[0];
    };
    const std::string real = to_real(weights, ":weights real");
    if (zero.empty()) return real;
    const std::string zeros = to_real(zero, ":zeros real"),
                      shifted = node.outputs[0] + ":weights shifted";
    out.push_back(part_of(node, "Sub", {real, zeros}, shifted));
    return shifted;
  }

  OnnxModel& model_;
  FileValues values_;
  IntegerProducts products_;
  std::map<size_t, std::vector<OnnxNode>> made_;  // in place of nodes
  bool dynamic_ = false;
};

}  // namespace

bool expand_integers(OnnxModel& model, const Budget& budget,
                     const std::string& name) {
  return Integers(model, budget, name).run();
}

}  // namespace shoal::onnx_import
