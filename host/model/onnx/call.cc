#include "host/model/onnx/call.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace shoal::onnx_import {

std::string node_title(const OnnxModel& model, size_t number) {
  const OnnxNode& node = model.nodes[number];
  std::string name = node.name;
  if (name.empty() && !node.outputs.empty()) name = node.outputs[0];
  std::string type = quoted(node.type);
  type = type.substr(1, type.size() - 2);
  if (!node.domain.empty() && node.domain != "ai.onnx") {
    const std::string domain = quoted(node.domain);
    type = domain.substr(1, domain.size() - 2) + "." + type;
  }
  return text("node ", node.number, " ", type, " ", quoted(name));
}

void OnnxCall::corrupt(const std::string& reason) const {
  throw Error(Exit::kCorrupt, state_.builder.graph().name + ": " +
                                  node_title(state_.model, number_) + ": " +
                                  reason);
}

void OnnxCall::unsupported(const std::string& reason) const {
  throw Error(Exit::kUnsupported,
              node_title(state_.model, number_) + ": " + reason);
}

void OnnxCall::require_at_most(int64_t limit, const std::string& what,
                               int64_t value, const char* way_out) const {
  if (value <= limit) return;
  unsupported(
      text(what, " of ", value, ", the limit is ", limit, "; ", way_out));
}

const OnnxAttribute* OnnxCall::find(const std::string& name) const {
  read_.insert(name);
  for (const OnnxAttribute& a : node_.attributes) {
    if (a.name == name) return &a;
  }
  return nullptr;
}

namespace {

const OnnxAttribute* of_kind(const OnnxCall& call, const std::string& name,
                             AttributeKind kind, const char* what) {
  const OnnxAttribute* a = call.find(name);
  if (a != nullptr && a->kind != kind) {
    call.corrupt(text("attribute ", name, " is not ", what));
  }
  return a;
}

}  // namespace

int64_t OnnxCall::integer(const std::string& name, int64_t otherwise) const {
  const auto* a = of_kind(*this, name, AttributeKind::kInteger, "an integer");
  return a == nullptr ? otherwise : a->integer;
}

float OnnxCall::real(const std::string& name, float otherwise) const {
  const auto* a = of_kind(*this, name, AttributeKind::kReal, "a number");
  if (a != nullptr && std::isnan(a->real)) {
    corrupt(text("attribute ", name, " is not a number"));
  }
  return a == nullptr ? otherwise : a->real;
}

std::string OnnxCall::word(const std::string& name,
                           const std::string& otherwise) const {
  const auto* a = of_kind(*this, name, AttributeKind::kWord, "a word");
  return a == nullptr ? otherwise : a->word;
}

std::vector<int64_t> OnnxCall::integers(const std::string& name) const {
  const auto* a = of_kind(*this, name, AttributeKind::kList, "a list");
  return a == nullptr ? std::vector<int64_t>{} : a->integers;
}

std::vector<std::string> OnnxCall::words(const std::string& name) const {
  const auto* a = of_kind(*this, name, AttributeKind::kWords, "words");
  return a == nullptr ? std::vector<std::string>{} : a->words;
}

ConstantRef OnnxCall::tensor_attribute(const std::string& name) const {
  const auto* a = of_kind(*this, name, AttributeKind::kTensor, "a tensor");
  return a == nullptr ? nullptr : a->tensor;
}

namespace {

// An operand that was an attribute before the opset.
struct Moved {
  const char* type;
  const char* attribute;
  int64_t opset;
};
constexpr Moved kMoved[] = {
    {"Clip", "min", 11},        {"Clip", "max", 11},
    {"Dropout", "ratio", 12},   {"Pad", "pads", 11},
    {"Pad", "value", 11},       {"ReduceMax", "axes", 18},
    {"ReduceMean", "axes", 18}, {"ReduceSum", "axes", 13},
    {"Reshape", "shape", 5},    {"Slice", "starts", 10},
    {"Slice", "ends", 10},      {"Slice", "axes", 10},
    {"Split", "split", 13},     {"Squeeze", "axes", 13},
    {"Unsqueeze", "axes", 13},  {"Upsample", "scales", 9},
};

}  // namespace

void OnnxCall::expect_understood() const {
  for (const OnnxAttribute& a : node_.attributes) {
    if (read_.contains(a.name)) continue;
    // Which operands a runtime might have overwritten.
    if (a.name == "consumed_inputs" && before(6)) continue;
    for (const Moved& m : kMoved) {
      if (node_.type != m.type || a.name != m.attribute || before(m.opset)) {
        continue;
      }
      corrupt(text("attribute ", quoted(a.name), " is an operand since opset ",
                   m.opset, ", the file is of opset ", opset()));
    }
    unsupported(text("attribute ", quoted(a.name), " is not understood"));
  }
}

void OnnxCall::expect_inputs(size_t least, size_t most) const {
  require(inputs() >= least && inputs() <= most,
          text("has ", inputs(), " inputs"));
  for (size_t i = 0; i < least; ++i) {
    require(has(i), text("input ", i, " is missing"));
  }
}

const Value& OnnxCall::in(size_t i) const {
  require(has(i), text("input ", i, " is missing"));
  return state_.values.at(node_.inputs[i]);
}

const Value& OnnxCall::data(size_t i) const {
  const Value& v = in(i);
  if (v.is_constant()) {
    unsupported(text("input ", quoted(node_.inputs[i]),
                     " is a constant; compute it before the export"));
  }
  return v;
}

const OnnxTensor& OnnxCall::constant(size_t i, const char* what) const {
  const Value& v = in(i);
  if (!v.is_constant()) {
    unsupported(text(what, " that ", quoted(node_.inputs[i]),
                     " computes; only constant ones are supported"));
  }
  if (!v.constant->readable()) {
    unsupported(text(what, " of type ", onnx_type_name(v.constant->type),
                     "; export in float32"));
  }
  return *v.constant;
}

const std::vector<float>& OnnxCall::floats(size_t i, const char* what) const {
  const OnnxTensor& t = constant(i, what);
  // Which types an operator takes, only its opset knows: others are legal.
  if (t.type != kOnnxFloat && t.type != kOnnxDouble) {
    unsupported(text(what, " of type ", onnx_type_name(t.type),
                     ", expected FLOAT; export in float32"));
  }
  return t.floats;
}

const std::vector<int64_t>& OnnxCall::numbers(size_t i,
                                              const char* what) const {
  const OnnxTensor& t = constant(i, what);
  require(t.type == kOnnxInt64 || t.type == kOnnxInt32,
          text(what, " of type ", onnx_type_name(t.type), ", expected INT64"));
  return t.ints;
}

float OnnxCall::scalar(size_t i, const char* what) const {
  const std::vector<float>& values = floats(i, what);
  require(values.size() == 1,
          text(what, " has ", values.size(), " elements, expected one"));
  return values[0];
}

int OnnxCall::byte(size_t i, const char* what) {
  const OnnxTensor& t = constant(i, what);
  const bool is_uint8 = note_of_bytes().type == Type::kUint8;
  require(t.type == (is_uint8 ? kOnnxUint8 : kOnnxInt8),
          text(what, " of another type than the bytes"));
  require(t.bytes.size() == 1,
          text(what, " has ", t.bytes.size(), " elements, expected one"));
  return is_uint8 ? t.bytes[0] : static_cast<int8_t>(t.bytes[0]);
}

float OnnxCall::meaning_of(int byte) {
  const QuantNote& note = note_of_bytes();
  if (note.type == Type::kUint8) byte -= 128;  // as zero points of notes
  return static_cast<float>(byte - note.quant.zero[0]) * note.quant.scale[0];
}

const QuantNote& OnnxCall::note_of_bytes() {
  const Value& x = data(0);
  if (!graph().noted(x.tensor)) {
    unsupported(
        "bytes whose scale is not known yet; put it behind the "
        "DequantizeLinear");
  }
  return graph().note(x.tensor);
}

int OnnxCall::axis(int64_t value, size_t rank) const {
  const auto axes = static_cast<int64_t>(rank);
  require(value >= -axes && value < axes,
          text("axis ", value, " of ", rank, " axes"));
  return static_cast<int>(value < 0 ? value + axes : value);
}

Shape OnnxCall::shape_of(const std::vector<int64_t>& dims) const {
  Shape out;
  int64_t total = 1;
  for (const int64_t d : dims) {
    require(d >= 1, text("size ", d, " of an axis"));
    if (d > std::numeric_limits<int32_t>::max() / total) {
      unsupported("more than 2^31 elements");
    }
    total *= d;
    out.push_back(static_cast<int>(d));
  }
  return out;
}

Value OnnxCall::emit(OpKind kind, std::vector<int> inputs, const Shape& dims,
                     const Axes& order, Attr attr, const char* part) {
  Value out;
  out.name = output_name() + part;
  out.dims = dims;
  out.order = order;
  out.tensor = graph().op(kind, std::move(inputs), out.name,
                          permuted(dims, order), std::move(attr));
  return out;
}

Value OnnxCall::emit_like(OpKind kind, std::vector<int> inputs, const Value& x,
                          Attr attr, const char* part) {
  Value out = x;
  out.name = output_name() + part;
  out.shared = false;
  out.tensor = graph().op(kind, std::move(inputs), out.name,
                          graph().shape(x.tensor), std::move(attr));
  return out;
}

int OnnxCall::constant_tensor(const char* part, const Shape& shape,
                              const std::vector<float>& values) {
  return graph().constant(output_name() + part, shape, values);
}

int OnnxCall::constant_beside(size_t i, const Axes& order) {
  floats(i, "an operand");
  const OnnxTensor& t = *in(i).constant;
  const int made = constant_beside(t, order);
  graph().rename(made, node_.inputs[i]);
  return made;
}

int OnnxCall::constant_beside(const OnnxTensor& t, const Axes& order) {
  const std::string name =
      t.name.empty() ? output_name() + ":constant" : t.name;
  const Shape dims = shape_of(t.dims);
  std::vector<float> values = t.floats;
  if (type() == "Add" || type() == "Where") {
    // A mask of attention that is endless: the lowest number has no share of a
    // row, either.
    for (float& v : values) {
      v = std::max(v, std::numeric_limits<float>::lowest());
    }
  }
  if (t.count() == 1) return graph().constant(name, {1}, values);
  require(dims.size() <= order.size(),
          text("a constant of shape ", shape_text(t.dims), " beside ",
               order.size(), " axes"));
  Shape full = dims;
  full.insert(full.begin(), order.size() - dims.size(), 1);
  return graph().constant(name, permuted(full, order),
                          Layouts::laid_out(values, dims, order));
}

void OnnxCall::set_output(size_t i, Value v) {
  if (!wants(i)) return;
  const std::string& name = output_name(i);
  v.name = name;
  const auto uses = state_.uses.find(name);
  v.shared = v.shared || (uses != state_.uses.end() && uses->second > 1);
  const bool reads_bytes = has(0) && in(0).bytes;
  const bool makes_reals = type() == "DequantizeLinear" || type() == "Cast";
  v.bytes = type() == "QuantizeLinear" || (reads_bytes && !makes_reals);
  state_.values[name] = std::move(v);
}

void OnnxCall::set_constant(size_t i, OnnxTensor t) {
  state_.budget.take(8 * t.count(), state_.builder.graph().name);
  t.name = output_name(i);
  Value v;
  v.constant = std::make_shared<const OnnxTensor>(std::move(t));
  set_output(i, std::move(v));
}

}  // namespace shoal::onnx_import
