// Bytes of a DynamicQuantizeLinear are the values themselves here
// (quantization.cc), so a product behind it is one of real values by the
// weights' integers, which the file's own Mul scales.
//
// Bytes x of a fixed scale s give integers that a Cast and a Mul by m make
// real: m * sum((x - zx) (w - zw)), plus m * b of an integer bias. That is a
// product of s (x - zx) with weights of the scale m / s, and a bias of the
// scale m: a QDQ product, of the same bytes.
//
// Operators between the product and the Cast that move, add or clamp integers
// do the same with m times the integers, and m times their constants, where m
// is the one factor behind all Casts that these operators lead to. If there is
// no such m, it is 1.
#include "host/model/onnx/integers.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/model/graph/shapes.h"
#include "host/model/onnx/parts.h"

namespace shoal::onnx_import {
namespace {

using Dims = std::vector<int64_t>;

// Real files move bytes by few nodes in a row.
constexpr int kMostMoves = 32;

struct Product {
  size_t node = 0;        // the product itself
  size_t last = 0;        // the node that makes its real result
  std::string x_scale;    // "": unknown, so 1
  std::string x_zero;     // "": 0
  std::string bias;       // integers; "": none
  std::string factor;     // "": 1
  bool has_zeros = true;  // of the weights
};

class IntegerProducts {
 public:
  explicit IntegerProducts(OnnxModel& model) : model_(model) {
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      for (const std::string& v : model_.nodes[i].outputs) makers_[v] = i;
      for (const std::string& v : model_.nodes[i].inputs) {
        readers_[v].push_back(i);
      }
    }
    for (const OnnxEnd& end : model_.outputs) ends_.insert(end.name);
    for (const ConstantRef& c : model_.constants) constants_[c->name] = c;
  }

  bool run() {
    for (size_t i = 0; i < model_.nodes.size(); ++i) find_product(i);
    follow_integers();
    for (size_t i = 0; i < model_.nodes.size(); ++i) {
      const OnnxNode& node = model_.nodes[i];
      const auto real = reals_.find(i);
      if (real != reals_.end()) {
        add_of_reals(node, real->second);
        continue;
      }
      const auto scaled = scaled_.find(i);
      if (scaled != scaled_.end()) {
        add(node, "Identity", {other(node, scaled->second)}, node.outputs[0]);
        continue;
      }
      const auto product = products_.find(i);
      if (product != products_.end()) {
        expand(product->second);
      } else if (!gone_.contains(i) && !expand_dynamic(node)) {
        out_.push_back(node);
      }
    }
    model_.nodes = std::move(out_);
    return dynamic_;
  }

 private:
  static bool is_own(const OnnxNode& node) {
    return node.domain.empty() || node.domain == "ai.onnx";
  }
  static bool convolves(const OnnxNode& node) {
    return node.type == "ConvInteger";
  }
  static bool is_product(const OnnxNode& node) {
    return is_own(node) && (convolves(node) || node.type == "MatMulInteger") &&
           node.outputs.size() == 1 && !node.outputs[0].empty();
  }
  static std::string operand(const OnnxNode& node, size_t i) {
    return i < node.inputs.size() ? node.inputs[i] : std::string();
  }
  const OnnxNode* maker(const std::string& value) const {
    const auto found = makers_.find(value);
    return found == makers_.end() ? nullptr : &model_.nodes[found->second];
  }
  bool is_dynamic(const std::string& value) const {
    const OnnxNode* node = maker(value);
    return node != nullptr && node->type == "DynamicQuantizeLinear";
  }

  // The node that alone reads the value, if it is of that type; else null.
  const OnnxNode* sole_reader(const std::string& value,
                              const char* type) const {
    const auto found = readers_.find(value);
    if (found == readers_.end() || found->second.size() != 1 ||
        ends_.contains(value)) {
      return nullptr;
    }
    const OnnxNode& node = model_.nodes[found->second[0]];
    const bool fits = is_own(node) && node.type == type &&
                      node.outputs.size() == 1 && !node.outputs[0].empty();
    return fits ? &node : nullptr;
  }

  // The shape of a value that is known before anything runs.
  std::optional<Dims> dims_of(const std::string& value, int steps = 8) const {
    const auto constant = constants_.find(value);
    if (constant != constants_.end()) return constant->second->dims;
    const OnnxNode* node = maker(value);
    if (node == nullptr || steps == 0) return std::nullopt;
    if (node->type == "Constant") {
      for (const OnnxAttribute& a : node->attributes) {
        if (a.name == "value" && a.tensor) return a.tensor->dims;
        if (a.name == "value_float") return Dims{};
      }
      return std::nullopt;
    }
    if (node->type != "Mul" && node->type != "Div") return std::nullopt;
    const auto a = dims_of(operand(*node, 0), steps - 1),
               b = dims_of(operand(*node, 1), steps - 1);
    return a && b ? broadcast_shape(*a, *b) : std::nullopt;
  }

  bool is_zero(const std::string& value) const {
    const auto found = constants_.find(value);
    if (found == constants_.end()) return false;
    const OnnxTensor& t = *found->second;
    return (t.type == kOnnxInt8 || t.type == kOnnxUint8) &&
           std::ranges::all_of(t.bytes, [](uint8_t b) { return b == 0; });
  }

  // Returns whether all numbers of a value that dims_of() knows are above zero.
  bool is_positive(const std::string& value, int steps = 8) const {
    const auto all_positive = [](const OnnxTensor& t) {
      return !t.floats.empty() &&
             std::ranges::all_of(t.floats, [](float v) { return v > 0; });
    };
    const auto constant = constants_.find(value);
    if (constant != constants_.end()) return all_positive(*constant->second);
    const OnnxNode* node = maker(value);
    if (node == nullptr || steps == 0) return false;
    if (node->type == "Constant") {
      return std::ranges::any_of(node->attributes, [&](const OnnxAttribute& a) {
        if (a.name == "value_float") return a.real > 0;
        return a.name == "value" && a.tensor && all_positive(*a.tensor);
      });
    }
    return (node->type == "Mul" || node->type == "Div") &&
           is_positive(operand(*node, 0), steps - 1) &&
           is_positive(operand(*node, 1), steps - 1);
  }
  bool is_positive_number(const std::string& value) const {
    const auto dims = dims_of(value);
    return dims && std::ranges::all_of(*dims, [](auto n) { return n == 1; }) &&
           is_positive(value);
  }

  // The output channels of a product: their number, and which axis of the
  // result they are, counted from the last.
  struct Channels {
    int64_t count = 0;
    size_t from_end = 0;
  };
  static Channels channels_of(const OnnxNode& node, const Dims& weights) {
    if (convolves(node)) return {weights[0], weights.size() - 2};
    return {weights.back(), 0};
  }

  // How many numbers the value has: one, or one for each channel; else 0.
  int64_t numbers_of(const std::string& value, const Channels& channels) const {
    const auto dims = dims_of(value);
    if (!dims) return 0;
    int64_t numbers = 1;
    for (size_t i = 0; i < dims->size(); ++i) {
      if ((*dims)[i] == 1) continue;
      if (dims->size() - 1 - i != channels.from_end) return 0;
      numbers = (*dims)[i];
    }
    return numbers == 1 || numbers == channels.count ? numbers : 0;
  }

  // Finds the QuantizeLinear whose bytes the value has, moved at most.
  const OnnxNode* quantizer_of(std::string value) const {
    constexpr const char* kMoves[] = {
        "Concat",  "Flatten", "Identity",  "MaxPool",   "Pad",
        "Reshape", "Slice",   "Transpose", "Unsqueeze", "Squeeze"};
    for (int step = 0; step < kMostMoves; ++step) {
      const OnnxNode* node = maker(value);
      if (node == nullptr || !is_own(*node)) return nullptr;
      if (node->type == "QuantizeLinear") return node;
      if (std::ranges::find(kMoves, node->type) == std::end(kMoves)) {
        return nullptr;
      }
      value = operand(*node, 0);
    }
    return nullptr;
  }

  // Returns the operand beside `value`.
  static std::string other(const OnnxNode& node, const std::string& value) {
    return operand(node, operand(node, 0) == value ? 1 : 0);
  }

  size_t number_of(const OnnxNode& node) const {
    return static_cast<size_t>(&node - model_.nodes.data());
  }

  void find_product(size_t at) {
    const OnnxNode& node = model_.nodes[at];
    if (!is_product(node) || is_dynamic(operand(node, 0))) return;
    const auto weights = dims_of(operand(node, 1));
    if (!weights || weights->size() < 2) return;
    Product p;
    p.node = at;
    p.x_zero = operand(node, 2);
    if (const OnnxNode* quantizer = quantizer_of(operand(node, 0))) {
      const std::string zero = operand(*quantizer, 2);
      p.x_scale = operand(*quantizer, 1);
      // Without a zero point the product takes 0, whatever the bytes mean.
      if (p.x_zero.empty() && !zero.empty() && !is_zero(zero)) return;
      if (p.x_zero.empty()) p.x_zero = zero;
    }
    p.has_zeros = !operand(node, 3).empty() && !is_zero(operand(node, 3));
    if (!find_scaling(p, *weights)) {
      p.last = p.node;
      p.bias = p.factor = "";
      loose_.push_back(std::move(p));
    }
  }

  // Finds the bias, the Cast and the factor behind a product.
  bool find_scaling(Product& p, const Dims& weights) {
    const size_t at = p.node;
    const OnnxNode& node = model_.nodes[at];
    const Channels channels = channels_of(node, weights);
    std::set<size_t> passed{at};
    std::string value = node.outputs[0];
    if (const OnnxNode* add = sole_reader(value, "Add")) {
      p.bias = other(*add, value);
      if (numbers_of(p.bias, channels) != channels.count) return false;
      passed.insert(number_of(*add));
      value = add->outputs[0];
    }
    const OnnxNode* cast = sole_reader(value, "Cast");
    if (cast == nullptr || !is_to_float(*cast)) return false;
    p.last = number_of(*cast);
    passed.insert(p.last);
    const OnnxNode* scaled = sole_reader(cast->outputs[0], "Mul");
    if (scaled != nullptr) {
      const std::string factor = other(*scaled, cast->outputs[0]);
      if (numbers_of(factor, channels) > 0 && is_positive(factor)) {
        p.factor = factor;
        p.last = number_of(*scaled);
        passed.insert(p.last);
      }
    }
    gone_.insert(passed.begin(), passed.end());
    products_.emplace(p.last, std::move(p));
    return true;
  }

  // Products that no Cast follows at once, with the operators between them and
  // the Casts behind those.
  struct Chain {
    std::set<std::string> values;
    std::set<size_t> products, way, casts;
  };

  // Finds the chains of integers. If an operator of one computes otherwise with
  // integers than with real values, or an output has integers, its products
  // stay as they are, to be refused.
  void follow_integers() {
    std::set<size_t> loose, placed;
    for (const Product& p : loose_) loose.insert(p.node);
    for (Product& p : loose_) {
      if (!placed.contains(p.node)) {
        const std::optional<Chain> chain =
            chain_of(model_.nodes[p.node].outputs[0], loose);
        if (!chain) continue;
        const std::string factor = common_factor(*chain);
        for (const size_t i : chain->way) reals_.emplace(i, factor);
        for (const size_t i : chain->products) factors_.emplace(i, factor);
        placed.insert(chain->products.begin(), chain->products.end());
      }
      p.factor = factors_.at(p.node);
      gone_.insert(p.node);
      products_.emplace(p.node, std::move(p));
    }
  }

  // Follows integers to their readers, and from these to their other operands.
  std::optional<Chain> chain_of(const std::string& first,
                                const std::set<size_t>& loose) const {
    Chain chain;
    chain.values.insert(first);
    std::vector<std::string> open{first};
    const auto reach = [&](const std::string& value) {
      if (chain.values.insert(value).second) open.push_back(value);
    };
    while (!open.empty()) {
      const std::string value = std::move(open.back());
      open.pop_back();
      const auto made = makers_.find(value);
      if (made == makers_.end() || ends_.contains(value)) return std::nullopt;
      if (loose.contains(made->second)) {
        chain.products.insert(made->second);
      } else if (!add_to_way(made->second, chain, reach)) {
        return std::nullopt;
      }
      const auto readers = readers_.find(value);
      if (readers == readers_.end()) continue;
      for (const size_t i : readers->second) {
        const OnnxNode& node = model_.nodes[i];
        if (is_own(node) && node.type == "Cast" && is_to_float(node)) {
          chain.casts.insert(i);
        } else if (!add_to_way(i, chain, reach)) {
          return std::nullopt;
        }
      }
    }
    return chain;
  }

  // Returns false for an operator that integers cannot pass as real values.
  template <typename Reach>
  bool add_to_way(size_t i, Chain& chain, const Reach& reach) const {
    const OnnxNode& node = model_.nodes[i];
    const size_t count = std::min(integer_operands(node), node.inputs.size());
    if (count == 0 || node.outputs.size() != 1 || node.outputs[0].empty()) {
      return false;
    }
    if (!chain.way.insert(i).second) return true;
    reach(node.outputs[0]);
    for (size_t k = 0; k < count; ++k) {
      const std::string& value = node.inputs[k];
      if (!value.empty() && !is_constant(value)) reach(value);
    }
    return true;
  }

  // Returns the one number by which the file multiplies the results of all
  // casts, "" if there is none. A number below zero would turn maxima into
  // minima.
  std::string common_factor(const Chain& chain) {
    std::set<std::string> factors;
    std::set<size_t> products;
    for (const size_t i : chain.casts) {
      const OnnxNode& cast = model_.nodes[i];
      if (cast.outputs.empty()) return "";
      const std::string& real = cast.outputs[0];
      const OnnxNode* scaled = sole_reader(real, "Mul");
      const std::string factor = scaled ? other(*scaled, real) : "";
      if (!is_positive_number(factor)) return "";
      factors.insert(factor);
      products.insert(number_of(*scaled));
    }
    if (factors.size() != 1) return "";
    for (const size_t i : products) scaled_.emplace(i, *factors.begin());
    return *factors.begin();
  }

  bool is_constant(const std::string& value) const {
    const OnnxNode* node = maker(value);
    return constants_.contains(value) ||
           (node != nullptr && node->type == "Constant");
  }

  // How many of the first operands are integers that the operator treats as it
  // would real values; 0: it does not.
  static size_t integer_operands(const OnnxNode& node) {
    constexpr const char* kAll[] = {"Add", "Clip", "Concat",
                                    "Max", "Min",  "Sub"};
    constexpr const char* kFirst[] = {"Flatten", "Identity",  "Neg",
                                      "Relu",    "Reshape",   "Slice",
                                      "Squeeze", "Transpose", "Unsqueeze"};
    if (!is_own(node)) return 0;
    if (std::ranges::find(kAll, node.type) != std::end(kAll)) {
      return node.inputs.size();
    }
    const bool first = std::ranges::find(kFirst, node.type) != std::end(kFirst);
    return first ? 1 : 0;
  }

  // A node whose integers became real values, as its constants do here.
  void add_of_reals(const OnnxNode& node, const std::string& factor) {
    OnnxNode made = node;
    const size_t count = std::min(integer_operands(node), node.inputs.size());
    for (size_t i = 0; i < count; ++i) {
      std::string& value = made.inputs[i];
      if (value.empty() || !is_constant(value)) continue;
      const std::string real =
          node.outputs[0] + ":real operand " + std::to_string(i);
      set_integer(add(node, "Cast", {value}, real), "to", kOnnxFloat);
      value = real;
      if (factor.empty()) continue;
      add(node, "Mul", {real, factor}, real + " scaled");
      value = real + " scaled";
    }
    out_.push_back(std::move(made));
  }

  static bool is_to_float(const OnnxNode& cast) {
    return std::ranges::any_of(cast.attributes, [](const OnnxAttribute& a) {
      return a.name == "to" && a.integer == kOnnxFloat;
    });
  }

  // A part of a node, under its number.
  OnnxNode& add(const OnnxNode& of, const char* type,
                std::vector<std::string> inputs, std::string output) {
    return out_.emplace_back(
        part_of(of, type, std::move(inputs), std::move(output)));
  }

  std::string constant(const std::string& name, OnnxTensor t) {
    t.name = name;
    model_.constants.push_back(std::make_shared<const OnnxTensor>(t));
    return name;
  }

  std::string flat(const OnnxNode& of, const std::string& value,
                   const std::string& name) {
    OnnxTensor all;
    all.type = kOnnxInt64;
    all.dims = {1};
    all.ints = {-1};
    add(of, "Reshape", {value, constant(name + " axes", std::move(all))}, name);
    return name;
  }

  std::string one(const std::string& name) {
    OnnxTensor t;
    t.floats = {1};
    return constant(name, std::move(t));
  }

  void expand(const Product& p) {
    const OnnxNode& node = model_.nodes[p.node];
    const std::string y = model_.nodes[p.last].outputs[0];
    const std::string x_scale =
        p.x_scale.empty() ? one(y + ":scale of bytes") : p.x_scale;
    const std::string factor =
        flat(node, p.factor.empty() ? one(y + ":one") : p.factor, y + ":scale");
    const std::string x = y + ":operand", w = y + ":weights";
    add(node, "DequantizeLinear", {operand(node, 0), x_scale, p.x_zero}, x);
    std::string scales = y + ":scale of weights", zeros;
    add(node, "Div", {factor, x_scale}, scales);
    if (p.has_zeros) {  // as many zero points as scales
      const std::string given = flat(node, operand(node, 3), y + ":zeros");
      add(node, "Shape", {given}, y + ":count of zeros");
      add(node, "Shape", {scales}, y + ":count of scales");
      zeros = y + ":zeros of weights";
      add(node, "Expand", {given, y + ":count of scales"}, zeros);
      add(node, "Expand", {scales, y + ":count of zeros"}, y + ":scales");
      scales = y + ":scales";
    }
    set_integer(
        add(node, "DequantizeLinear", {operand(node, 1), scales, zeros}, w),
        "axis", convolves(node) ? 0 : -1);
    std::string bias;
    if (!p.bias.empty()) {
      bias = y + ":bias";
      const std::string sums = flat(node, p.bias, y + ":sums");
      set_integer(add(node, "DequantizeLinear", {sums, factor}, bias), "axis",
                  0);
    }
    if (convolves(node)) {
      add(node, "Conv", {x, w, bias}, y).attributes = node.attributes;
    } else if (bias.empty()) {
      add(node, "MatMul", {x, w}, y);
    } else {
      add(node, "MatMul", {x, w}, y + ":product");
      add(node, "Add", {y + ":product", bias}, y);
    }
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

  bool expand_dynamic(const OnnxNode& node) {
    if (is_product(node) && is_dynamic(operand(node, 0))) {
      const std::string w =
          real_weights(node, operand(node, 1), operand(node, 3));
      add(node, convolves(node) ? "Conv" : "MatMul", {operand(node, 0), w},
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
          real_weights(node, operand(node, 1), operand(node, f.zero));
      add(node, "Mul", {w, operand(node, f.scale)}, scaled);
      const std::string bias = operand(node, f.bias);
      add(node, "MatMul", {operand(node, 0), scaled},
          bias.empty() ? y : y + ":product");
      if (!bias.empty()) add(node, "Add", {y + ":product", bias}, y);
      return dynamic_ = true;
    }
    return false;
  }

  // The integers of the weights as real values; bytes of a
  // DynamicQuantizeLinear are real already.
  std::string real_weights(const OnnxNode& node, const std::string& weights,
                           const std::string& zero) {
    if (is_dynamic(weights)) return weights;
    const std::string real = node.outputs[0] + ":weights real";
    set_integer(add(node, "Cast", {weights}, real), "to", kOnnxFloat);
    if (zero.empty()) return real;
    const std::string zeros = node.outputs[0] + ":zeros real",
                      shifted = node.outputs[0] + ":weights shifted";
    set_integer(add(node, "Cast", {zero}, zeros), "to", kOnnxFloat);
    add(node, "Sub", {real, zeros}, shifted);
    return shifted;
  }

  OnnxModel& model_;
  std::map<std::string, size_t> makers_;
  std::map<std::string, std::vector<size_t>> readers_;
  std::map<std::string, ConstantRef> constants_;
  std::set<std::string> ends_;
  std::map<size_t, Product> products_;  // by their last node
  std::vector<Product> loose_;          // whose integers others read
  // The factors ("": 1) of loose products, of the nodes between them and a
  // Cast, and of the Mul behind each Cast.
  std::map<size_t, std::string> factors_, reals_, scaled_;
  std::set<size_t> gone_;
  std::vector<OnnxNode> out_;
  bool dynamic_ = false;
};

}  // namespace

bool expand_integers(OnnxModel& model) { return IntegerProducts(model).run(); }

}  // namespace shoal::onnx_import
