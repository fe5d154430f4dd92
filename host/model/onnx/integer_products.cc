#include "host/model/onnx/integer_products.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "host/model/onnx/parts.h"

namespace shoal::onnx_import {
namespace {

// Real files move bytes by few nodes in a row.
constexpr int kMostMoves = 32;

bool convolves(const OnnxNode& node) { return node.type == "ConvInteger"; }

bool is_byte_type(int type) { return type == kOnnxInt8 || type == kOnnxUint8; }
// Bytes of the file are numbers from -128 on here.
int shift_of(int type) { return type == kOnnxUint8 ? 128 : 0; }
int byte_at(const OnnxTensor& t, size_t i) {
  return t.type == kOnnxUint8 ? t.bytes[i] : static_cast<int8_t>(t.bytes[i]);
}

bool has_padding(const OnnxNode& node) {
  return std::ranges::any_of(node.attributes, [](const OnnxAttribute& a) {
    if (a.name == "auto_pad") return a.word != "NOTSET" && a.word != "VALID";
    return a.name == "pads" &&
           std::ranges::any_of(a.integers, [](auto n) { return n != 0; });
  });
}

bool same_attributes(const OnnxNode& a, const OnnxNode& b) {
  return std::ranges::equal(a.attributes, b.attributes,
                            [](const OnnxAttribute& p, const OnnxAttribute& q) {
                              return p.name == q.name && p.word == q.word &&
                                     p.integer == q.integer &&
                                     p.integers == q.integers;
                            });
}

bool has_groups(const OnnxNode& node) {
  return std::ranges::any_of(node.attributes, [](const OnnxAttribute& a) {
    return a.name == "group" && a.integer != 1;
  });
}

// Returns whether numbers of these sizes are one, or one for each output
// channel of the product.
bool is_by_channel(const std::vector<int64_t>& dims, const OnnxNode& product,
                   size_t weights_rank, size_t channels) {
  const size_t from_end = convolves(product) ? weights_rank - 2 : 0;
  if (convolves(product) && dims.size() > weights_rank) return false;
  int64_t count = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    if (dims.size() - 1 - i != from_end) return false;
    count = dims[i];
  }
  return count == 1 || count == static_cast<int64_t>(channels);
}

}  // namespace

bool IntegerProducts::is_product(const OnnxNode& node) {
  return is_own(node) && (convolves(node) || node.type == "MatMulInteger") &&
         node.outputs.size() == 1 && !node.outputs[0].empty();
}

bool IntegerProducts::is_computed(const OnnxNode& node) const {
  if (!is_product(node)) return false;
  const OnnxTensor* weights = values_.constant(operand(node, 1));
  return weights != nullptr && is_byte_type(weights->type) &&
         weights->dims.size() >= 2 &&
         static_cast<int64_t>(weights->bytes.size()) == weights->count() &&
         weights->count() > 0;
}

bool IntegerProducts::is_pair(const OnnxNode& node) const {
  return is_product(node) && !convolves(node) &&
         values_.constant(operand(node, 1)) == nullptr;
}

std::optional<int> IntegerProducts::zero_of(const std::string& value,
                                            int type) const {
  if (value.empty()) return -shift_of(type);
  const OnnxTensor* t = values_.constant(value);
  if (t == nullptr || t->bytes.size() != 1) return std::nullopt;
  return byte_at(*t, 0) - shift_of(t->type);
}

// Follows bytes to the QuantizeLinear or the model input that they come from.
std::optional<IntegerProducts::Operand> IntegerProducts::operand_of(
    const OnnxNode& product, size_t i) const {
  constexpr const char* kMoves[] = {
      "Concat",  "Flatten", "Identity",  "MaxPool",   "Pad",
      "Reshape", "Slice",   "Transpose", "Unsqueeze", "Squeeze"};
  Operand x;
  const std::string taken = operand(product, 2 + i);
  const OnnxTensor* zero = values_.constant(taken);
  x.type = zero != nullptr ? zero->type : kOnnxUint8;
  x.zero = taken;
  std::string from = operand(product, i);
  if (const OnnxTensor* t = values_.constant(from); t != nullptr) {
    x.type = t->type;
  }
  for (int step = 0; step < kMostMoves; ++step) {
    const OnnxNode* node = values_.maker(from);
    if (node == nullptr) {
      const int type = values_.input_type(from);
      if (is_byte_type(type)) x.type = type;
      break;
    }
    if (!is_own(*node)) break;
    if (node->type == "QuantizeLinear") {
      x.scale = operand(*node, 1);
      x.zero = operand(*node, 2);
      const OnnxTensor* own = values_.constant(x.zero);
      if (own != nullptr) x.type = own->type;
      break;
    }
    if (std::ranges::find(kMoves, node->type) == std::end(kMoves)) break;
    from = operand(*node, 0);
  }
  const std::optional<int> own = zero_of(x.zero, x.type),
                           subtracted = zero_of(taken, x.type);
  if (!own || !subtracted) return std::nullopt;
  x.own_zero = *own;
  x.taken = *subtracted;
  return x;
}

std::optional<IntegerProducts::Weights> IntegerProducts::weights_of(
    const Term& term) const {
  const OnnxTensor& t = *values_.constant(operand(*term.node, 1));
  Weights w;
  w.dims = t.dims;
  w.channels = static_cast<size_t>(convolves(*term.node) ? t.dims.front()
                                                         : t.dims.back());
  w.inner = convolves(*term.node) ? t.bytes.size() / w.channels : 1;
  const std::string given = operand(*term.node, 3);
  const OnnxTensor* zeros = values_.constant(given);
  const size_t count = zeros == nullptr ? 0 : zeros->bytes.size();
  if (!given.empty() && count != 1 && count != w.channels) return std::nullopt;
  for (size_t i = 0; i < t.bytes.size(); ++i) {
    const size_t channel = i / w.inner % w.channels;
    const int zero = count == 0 ? 0 : byte_at(*zeros, count == 1 ? 0 : channel);
    w.values.push_back(term.sign * (byte_at(t, i) - zero));
  }
  return w;
}

bool IntegerProducts::add_to_bias(const Offset& offset, const OnnxNode& product,
                                  std::vector<int64_t>& bias) const {
  const OnnxTensor* t = values_.constant(offset.value);
  if (t == nullptr || t->type != kOnnxInt32 || t->ints.empty()) return false;
  const size_t rank = values_.constant(operand(product, 1))->dims.size();
  if (!is_by_channel(t->dims, product, rank, bias.size())) return false;
  for (size_t c = 0; c < bias.size(); ++c) {
    bias[c] += offset.sign * t->ints[t->ints.size() == 1 ? 0 : c];
  }
  return true;
}

// The weights of all terms along the axis that is summed over, and a bias that
// makes up for bytes that are taken less another number than their zero point.
std::optional<IntegerProducts::Sum> IntegerProducts::sum_of(
    const std::vector<Term>& terms, const std::vector<Offset>& offsets) {
  const OnnxNode& first = *terms.front().node;
  Sum sum;
  std::vector<Weights> parts;
  for (const Term& term : terms) {
    const OnnxNode& node = *term.node;
    const std::optional<Operand> x = operand_of(node, 0);
    std::optional<Weights> w = weights_of(term);
    if (!x || !w) return std::nullopt;
    if (sum.operands.empty()) {
      sum.weights = {w->dims, {}, w->channels, w->inner};
      sum.bias.assign(w->channels, 0);
    } else if (node.type != first.type || !same_attributes(node, first) ||
               has_groups(node) || x->type != sum.operands[0].type ||
               w->channels != sum.weights.channels) {
      return std::nullopt;
    }
    sum.operands.push_back(*x);
    const int off = sum.operands[0].own_zero - x->taken;
    if (off != 0 && has_padding(node)) return std::nullopt;
    for (size_t i = 0; i < w->values.size(); ++i) {
      sum.bias[i / w->inner % w->channels] += int64_t{off} * w->values[i];
    }
    parts.push_back(std::move(*w));
  }
  // ConvInteger has weights [M, C, ...], MatMulInteger [K, N].
  const size_t axis = convolves(first) ? 1 : 0;
  sum.weights.dims[axis] = 0;
  const size_t outer = axis == 1 ? sum.weights.channels : 1;
  for (const Weights& w : parts) {
    Weights like = w;
    like.dims[axis] = sum.weights.dims[axis];
    if (like.dims != sum.weights.dims ||
        (parts.size() > 1 && axis == 0 && w.dims.size() != 2)) {
      return std::nullopt;
    }
    sum.weights.dims[axis] += w.dims[axis];
  }
  for (size_t o = 0; o < outer; ++o) {
    for (const Weights& w : parts) {
      const size_t run = w.values.size() / outer;
      sum.weights.values.insert(
          sum.weights.values.end(),
          w.values.begin() + static_cast<ptrdiff_t>(o * run),
          w.values.begin() + static_cast<ptrdiff_t>((o + 1) * run));
    }
  }
  sum.weights.inner =
      axis == 1 ? sum.weights.values.size() / sum.weights.channels : 1;
  for (const Offset& offset : offsets) {
    if (!add_to_bias(offset, first, sum.bias)) return std::nullopt;
  }
  return sum;
}

std::string IntegerProducts::constant(const std::string& name, OnnxTensor t) {
  t.name = name;
  model_.constants.push_back(std::make_shared<const OnnxTensor>(std::move(t)));
  return name;
}

std::string IntegerProducts::number(const std::string& name, float value) {
  OnnxTensor t;
  t.floats = {value};
  return constant(name, std::move(t));
}

// The operand's bytes as real values of the scale and the zero point of `to`.
// Those of other parameters keep their bytes and take these.
std::string IntegerProducts::operand_value(const OnnxNode& node, size_t i,
                                           const Operand& from,
                                           const Operand& to,
                                           const std::string& name,
                                           std::vector<OnnxNode>& out) {
  const auto add = [&](const char* type, std::vector<std::string> inputs,
                       const std::string& result) {
    out.push_back(part_of(node, type, std::move(inputs), result));
    return result;
  };
  const auto zero_name = [&](const Operand& x, const std::string& of) {
    if (!x.zero.empty()) return x.zero;
    OnnxTensor zero;
    zero.type = x.type;
    zero.bytes = {0};
    return constant(of + " zero", std::move(zero));
  };
  const auto scale_name = [&](const Operand& x, const std::string& of) {
    return x.scale.empty() ? number(of + " scale", 1) : x.scale;
  };
  const std::string scale = scale_name(from, name),
                    zero = zero_name(from, name);
  if (from.scale == to.scale && from.own_zero == to.own_zero) {
    return add("DequantizeLinear", {operand(node, i), scale, zero}, name);
  }
  const std::string real =
      add("DequantizeLinear", {operand(node, i), scale, zero}, name + " own");
  const std::string scale_to = scale_name(to, name + " new"),
                    zero_to = zero_name(to, name + " new");
  const std::string ratio =
      add("Div", {scale_to, scale}, name + " ratio of scales");
  const std::string shift =
      add("Mul",
          {scale_to, number(name + " difference of zeros",
                            static_cast<float>(from.own_zero - to.own_zero))},
          name + " shift");
  const std::string scaled = add("Mul", {real, ratio}, name + " scaled");
  const std::string shifted = add("Add", {scaled, shift}, name + " shifted");
  const std::string bytes =
      add("QuantizeLinear", {shifted, scale_to, zero_to}, name + " bytes");
  return add("DequantizeLinear", {bytes, scale_to, zero_to}, name);
}

// A weight takes two integers and a byte on its way, and the byte stays.
void IntegerProducts::take_weights(const std::vector<Term>& terms) {
  int64_t count = 0;
  for (const Term& term : terms) {
    count += values_.constant(operand(*term.node, 1))->count();
  }
  constexpr int64_t kOnTheWay = 2 * sizeof(int);
  Budget at_once = budget_;
  at_once.take((kOnTheWay + 1) * count, name_);
  budget_.take(count, name_);
}

// One operand keeps its scale. The other one, a constant if there is one, has
// what is left of the factor, unless that is its own.
bool IntegerProducts::append_pair(const OnnxNode& node, const Factor& factor,
                                  const std::string& y,
                                  std::vector<OnnxNode>& out) {
  Operand own[2], meant[2];
  double scales = 1;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    const std::optional<Operand> x = operand_of(node, i);
    if (!x || !is_byte_type(x->type)) return false;
    own[i] = meant[i] = *x;
    meant[i].zero = operand(node, 2 + i);
    meant[i].own_zero = x->taken;
    if (x->scale.empty()) continue;
    const std::optional<Reals> scale = values_.reals(x->scale);
    if (!scale || scale->values.size() != 1) return false;
    scales *= scale->values[0];
  }
  const bool is_constant = values_.constant(operand(node, 0)) != nullptr;
  const size_t changed = is_constant ? 0 : 1, kept = 1 - changed;
  // The file multiplies two floats to get the product of the scales.
  const double f = factor.reals.values[0];
  if (!factor.is_number() || !(scales > 0)) return false;
  if (std::abs(scales - f) > f * 0x1p-23) {
    const std::string &one = y + ":one", &scale = own[kept].scale;
    meant[changed].scale = y + ":scale of bytes";
    out.push_back(
        part_of(node, "Div",
                {factor.value.empty() ? number(one, 1) : factor.value,
                 scale.empty() ? number(y + ":scale of the other", 1) : scale},
                meant[changed].scale));
  }
  if (is_constant) own[0] = meant[0];
  std::vector<std::string> operands;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    operands.push_back(operand_value(node, i, own[i], meant[i],
                                     y + ":operand " + std::to_string(i), out));
  }
  out.push_back(part_of(node, "MatMul", std::move(operands), y));
  return true;
}

bool IntegerProducts::append(const std::vector<Term>& terms,
                             const std::vector<Offset>& offsets,
                             const Factor& factor, const std::string& y,
                             std::vector<OnnxNode>& out) {
  const OnnxNode& node = *terms.front().node;
  if (terms.size() == 1 && offsets.empty() && terms[0].sign > 0 &&
      is_pair(node)) {
    return append_pair(node, factor, y, out);
  }
  if (!std::ranges::all_of(
          terms, [&](const Term& term) { return is_computed(*term.node); })) {
    return false;
  }
  take_weights(terms);
  const std::optional<Sum> sum = sum_of(terms, offsets);
  const size_t factors = factor.reals.values.size();
  if (!sum || !is_by_channel(factor.reals.dims, node, sum->weights.dims.size(),
                             sum->weights.channels)) {
    return false;
  }
  const auto [low, high] = std::ranges::minmax(sum->weights.values);
  const int zero = low >= -128 && high <= 127 ? 0 : std::min(-128 - low, 127);
  if (low + zero < -128 || high + zero > 127) return false;
  for (const int64_t b : sum->bias) {
    if (b != static_cast<int32_t>(b)) return false;
  }

  const auto add = [&](const char* type, std::vector<std::string> inputs,
                       const std::string& result) -> OnnxNode& {
    return out.emplace_back(part_of(node, type, std::move(inputs), result));
  };
  std::vector<std::string> operands;
  for (size_t i = 0; i < terms.size(); ++i) {
    const std::string name =
        i == 0 ? y + ":operand" : y + ":operand " + std::to_string(i);
    operands.push_back(operand_value(*terms[i].node, 0, sum->operands[i],
                                     sum->operands[0], name, out));
  }
  std::string x = operands[0];
  if (operands.size() > 1) {
    x = y + ":operands";
    set_integer(add("Concat", operands, x), "axis", convolves(node) ? 1 : -1);
  }

  OnnxTensor bytes, zeros, bias, all;
  bytes.type = zeros.type = kOnnxInt8;
  bytes.dims = sum->weights.dims;
  for (const int v : sum->weights.values) {
    bytes.bytes.push_back(static_cast<uint8_t>(v + zero));
  }
  zeros.dims = {static_cast<int64_t>(factors)};
  zeros.bytes.assign(factors, static_cast<uint8_t>(zero));
  all.type = kOnnxInt64;
  all.dims = {1};
  all.ints = {-1};
  const std::string scale = y + ":scale", scales = y + ":scale of weights";
  add("Reshape",
      {factor.value.empty() ? number(y + ":one", 1) : factor.value,
       constant(y + ":scale axes", std::move(all))},
      scale);
  add("Div",
      {scale, sum->operands[0].scale.empty() ? number(y + ":scale of bytes", 1)
                                             : sum->operands[0].scale},
      scales);
  const std::string w = y + ":weights";
  set_integer(add("DequantizeLinear",
                  {constant(y + ":bytes of weights", std::move(bytes)), scales,
                   constant(y + ":zeros of weights", std::move(zeros))},
                  w),
              "axis", convolves(node) ? 0 : -1);
  std::string real_bias;
  // Numbers of more axes than the product's give their axes to the result.
  size_t rank = std::max<size_t>(factor.reals.dims.size(), 1);
  for (const Offset& o : offsets) {
    rank = std::max(rank, values_.constant(o.value)->dims.size());
  }
  if (convolves(node)) rank = 1;
  if (rank > 2 ||
      std::ranges::any_of(sum->bias, [](int64_t b) { return b != 0; })) {
    bias.type = kOnnxInt32;
    bias.dims.assign(rank, 1);
    bias.dims.back() = static_cast<int64_t>(sum->bias.size());
    bias.ints = sum->bias;
    real_bias = y + ":bias";
    set_integer(add("DequantizeLinear",
                    {constant(y + ":sums", std::move(bias)), scale}, real_bias),
                "axis", -1);
  }
  if (convolves(node)) {
    add("Conv", {x, w, real_bias}, y).attributes = node.attributes;
  } else if (real_bias.empty()) {
    add("MatMul", {x, w}, y);
  } else {
    add("MatMul", {x, w}, y + ":product");
    add("Add", {y + ":product", real_bias}, y);
  }
  return true;
}

}  // namespace shoal::onnx_import
