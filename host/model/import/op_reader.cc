#include "host/model/import/op_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "host/model/import/import_row.h"

namespace shoal {
namespace {

// Scales within these bounds keep every product and quotient of the
// formulas finite in float32. Weights may be smaller: none divides by them.
constexpr float kMinScale = 0x1p-60f;

std::string quoted(const std::string& name) {
  constexpr size_t kLongest = 80;
  if (name.size() <= kLongest) return '"' + name + '"';
  return '"' + name.substr(0, kLongest) + "...\"";
}

}  // namespace

std::string shape_text(const Shape& shape) {
  if (shape.empty()) return "[]";
  std::string out;
  for (const int size : shape) {
    if (!out.empty()) out += 'x';
    out += std::to_string(size);
  }
  return out;
}

std::string tensor_title(const RawModel& raw, int tensor) {
  const RawTensor& t = raw.tensors[static_cast<size_t>(tensor)];
  return text("tensor ", tensor, " ", quoted(t.name));
}

std::string op_title(const RawModel& raw, int number) {
  const RawOp& op = raw.ops[static_cast<size_t>(number)];
  std::string out = text("op ", op.number < 0 ? number : op.number, " ",
                         builtin_name(op.code));
  if (!op.custom.empty()) out += " " + quoted(op.custom);
  if (op.outputs.empty()) return out;
  const auto layer = static_cast<size_t>(op.outputs[0]);
  if (layer >= raw.tensors.size()) return out;
  return out + " " + quoted(raw.tensors[layer].name);
}

void OpReader::corrupt(const std::string& reason) const {
  throw Error(Exit::kCorrupt,
              graph_.name + ": " + op_title(raw_, number_) + ": " + reason);
}

void OpReader::unsupported(const std::string& reason) const {
  throw Error(Exit::kUnsupported, op_title(raw_, number_) + ": " + reason);
}

void OpReader::check_form() const {
  require(inputs() >= info_.min_inputs && inputs() <= info_.max_inputs,
          text("has ", inputs(), " inputs"));
  require(outputs() >= 1 && outputs() <= info_.max_outputs,
          text("has ", outputs(), " outputs"));
  const int options = op_.options.code;
  const auto expected = static_cast<int>(info_.options);
  if (options == 0) {
    require(!info_.needs_options, "has no options");
  } else if (expected != 0) {
    require(options == expected,
            text("has options of type ", options, ", expected ", expected));
  }
}

int OpReader::input(int operand) const {
  require(has(operand), text("input ", operand, " is missing"));
  return index(operand);
}

bool OpReader::made_by(int operand, OpKind kind) const {
  const int t = input(operand);
  return std::ranges::any_of(graph_.ops, [&](const Op& op) {
    return op.kind == kind && op.outputs[0] == t;
  });
}

const Tensor& OpReader::tensor(int operand) const {
  return graph_.tensors[static_cast<size_t>(input(operand))];
}

const Tensor& OpReader::checked_real(const Tensor& t) const {
  if (t.type != Type::kFloat32) {
    unsupported(text(quoted(t.name), " is ", type_name(t.type),
                     ", the model computes in float32"));
  }
  for (size_t i = 0; i < t.data.size(); i += sizeof(float)) {
    float value = 0;
    std::memcpy(&value, &t.data[i], sizeof value);
    const bool masks = kind() == OpKind::kAdd || kind() == OpKind::kSelectV2;
    if (masks && std::isinf(value) && value < 0) {
      unsupported(text(quoted(t.name),
                       " has the value -inf; a mask may have -1e9 instead"));
    }
    if (!std::isfinite(value)) {
      corrupt(text(quoted(t.name), " has the value ", value, " at ",
                   i / sizeof value));
    }
  }
  return t;
}

const Tensor& OpReader::checked(const Tensor& t, bool scale) const {
  if (floats_) return checked_real(t);
  const bool wide = is_int16(t) && computes_int16(kind());
  if (t.type != Type::kInt8 && !wide) {
    unsupported(text(quoted(t.name), " is ", type_name(t.type),
                     t.type == Type::kUint8 ? " without a scale" : "",
                     ", only int8 is computed"));
  }
  if (t.quant.scale.size() > 1) {
    unsupported(text(quoted(t.name), " has one scale per channel"));
  }
  if (!scale) return t;
  if (t.quant.scale.empty()) {
    unsupported(text(quoted(t.name), " is ", wide ? "int16" : "int8",
                     " and has no scale"));
  }
  if (t.scale() < kMinScale) {
    unsupported(text(quoted(t.name), " has the scale ", t.scale(),
                     ", too small to compute with"));
  }
  return t;
}

const Tensor& OpReader::data(int operand) const {
  const Tensor& t = tensor(operand);
  return moves_numbers(t) ? t : checked(t, false);
}

const Tensor& OpReader::quantized(int operand) const {
  return checked(tensor(operand), true);
}

const Tensor& OpReader::result(int i) const {
  const Tensor& t = graph_.tensors[static_cast<size_t>(output(i))];
  const bool numbers = moves_numbers(t) && moves_numbers(tensor(0));
  return numbers ? t : checked(t, false);
}

const Tensor& OpReader::quantized_result() const {
  return checked(graph_.tensors[static_cast<size_t>(output())], true);
}

const Tensor& OpReader::weights(int operand) const {
  const Tensor& w = tensor(operand);
  if (floats_) {
    if (!w.constant) unsupported("weights that are not constant");
    return checked_real(w);
  }
  if (w.type != Type::kInt8) {
    unsupported(text("weights of type ", type_name(w.type)));
  }
  if (!w.constant) unsupported("weights that are not constant");
  require(!w.quant.scale.empty(), "weights have no scale");
  if (w.quant.scale.size() > 1) {
    for (const int32_t zero : w.quant.zero) {
      if (zero != 0) unsupported("weights with a zero point per channel");
    }
  }
  return w;
}

bool OpReader::int16() const {
  return is_int16(graph_.tensors[static_cast<size_t>(output())]);
}

// TensorFlow Lite Micro reads the bytes of other types as int64.
void OpReader::check_wide_bias(const Tensor& b) const {
  constexpr int64_t kMost = int64_t{1} << 39;
  const bool takes_int32 = kind() == OpKind::kConv2d ||
                           kind() == OpKind::kFullyConnected ||
                           kind() == OpKind::kLstm;
  const bool takes_int16 = kind() == OpKind::kTransposeConv;
  const bool fits = b.type == Type::kInt64 ||
                    (b.type == Type::kInt32 && takes_int32) ||
                    (b.type == Type::kInt16 && takes_int16);
  if (!fits) {
    unsupported(text("bias of type ", type_name(b.type),
                     " with int16 activations; write it as INT64"));
  }
  if (b.type != Type::kInt64) return;
  for (size_t i = 0; i + sizeof(int64_t) <= b.data.size();
       i += sizeof(int64_t)) {
    int64_t value = 0;
    std::memcpy(&value, &b.data[i], sizeof value);
    if (value >= -kMost && value < kMost) continue;
    unsupported(text("a bias of ", value,
                     ", more than 40 bits; use larger scales of input or "
                     "weights"));
  }
}

int OpReader::bias(int operand, int channels) const {
  if (!has(operand)) return -1;
  const Tensor& b = tensor(operand);
  if (int16()) {
    check_wide_bias(b);
  } else if (b.type != (floats_ ? Type::kFloat32 : Type::kInt32)) {
    unsupported(text("bias of type ", type_name(b.type)));
  }
  if (floats_) checked_real(b);
  if (!b.constant) unsupported("a bias that is not constant");
  require(element_count(b.shape) == channels,
          text("bias has ", element_count(b.shape), " elements, expected ",
               channels));
  for (const int32_t zero : b.quant.zero) {
    require(zero == 0, "bias has a zero point");
  }
  return input(operand);
}

float OpReader::real(int operand, const char* what) const {
  const Tensor& t = tensor(operand);
  if (t.type != Type::kFloat32) {
    unsupported(text(what, " of type ", type_name(t.type)));
  }
  if (!t.constant) unsupported(text(what, " that is not constant"));
  require(element_count(t.shape) == 1,
          text(what, " of shape ", shape_text(t.shape)));
  float value = 0;
  std::memcpy(&value, t.data.data(), sizeof value);
  require(!std::isnan(value), text(what, " of ", value));
  return value;
}

std::vector<int> OpReader::numbers(int operand, const char* what) const {
  const Tensor& t = tensor(operand);
  if (t.type != Type::kInt32) {
    unsupported(text(what, " of type ", type_name(t.type)));
  }
  if (!t.constant) unsupported(text(what, " that are not constant"));
  std::vector<int> values(static_cast<size_t>(element_count(t.shape)));
  std::memcpy(values.data(), t.data.data(), t.data.size());
  return values;
}

Activation OpReader::activation() const {
  const int value = op_.options.activation;
  if (value == 4) unsupported("a fused TANH; use the operator TANH");
  if (value < 0 || value > 3) {
    unsupported(text("a fused activation of number ", value));
  }
  return static_cast<Activation>(value);
}

void OpReader::expect_shape(const Tensor& t, const Shape& shape) const {
  require(t.shape == shape,
          text(quoted(t.name), " has shape ", shape_text(t.shape),
               ", expected ", shape_text(shape)));
}

void OpReader::same_shape(const Tensor& a, const Tensor& b) const {
  expect_shape(b, a.shape);
}

void OpReader::expect_rank(const Tensor& t, int rank) const {
  require(
      static_cast<int>(t.shape.size()) == rank,
      text(quoted(t.name), " has ", t.shape.size(), " axes, expected ", rank));
}

void OpReader::expect_batch_of_one(const Tensor& t) const {
  if (t.shape[0] == 1) return;
  unsupported(text("a batch of ", t.shape[0],
                   "; export with batch 1, a batch "
                   "of n is n frames"));
}

void OpReader::expect_equal_quantization(const Tensor& a,
                                         const Tensor& b) const {
  require(a.scale() == b.scale() && a.zero() == b.zero(),
          text(quoted(a.name), " and ", quoted(b.name),
               " need the same scale and zero point"));
}

int OpReader::axis(int value, int rank) const {
  require(value >= -rank && value < rank,
          text("axis ", value, " of ", rank, " axes"));
  return value < 0 ? value + rank : value;
}

// uint8 and int8 are the same once shifted, but one operator never has both:
// bytes that it moves would change.
void OpReader::check_file_types(const Op& op) const {
  // The condition of a SELECT_V2 chooses; the others are what moves.
  const size_t at = op.kind == OpKind::kSelectV2 ? 1 : 0;
  const Tensor& first = graph_.tensors[static_cast<size_t>(op.inputs[at])];
  const Type expected = first.file_type;
  const bool has_bytes = has_weights(op.kind) || op.kind == OpKind::kPrelu;
  const int weights = has_bytes ? op.inputs[1] : -1;
  for (const auto* list : {&op.inputs, &op.outputs}) {
    for (const int t : *list) {
      if (t == -1) continue;
      const Tensor& other = graph_.tensors[static_cast<size_t>(t)];
      if (is_bool(other) != is_bool(first)) continue;
      // Its row has judged the types of weights and biases.
      if (op.kind == OpKind::kLstm && other.constant) continue;
      // Weights of eight bits stand beside int16.
      if (expected == Type::kInt16 && list == &op.inputs && t == weights) {
        require(other.type == Type::kInt8,
                text(quoted(other.name), " is ", type_name(other.type),
                     ", INT8 is expected beside INT16"));
        continue;
      }
      // Weights of four bits stand beside int8.
      if (other.file_type == Type::kInt4 && expected == Type::kInt8) continue;
      const bool bias = list == &op.inputs && op.inputs.size() > 2 &&
                        has_weights(op.kind) && t == op.inputs[2];
      const bool kept = other.type == Type::kInt8 ||
                        (is_int16(other) && !bias) ||
                        (list == &op.outputs && is_wide(other.type));
      require(!kept || other.file_type == expected,
              text(quoted(other.name), " is ", type_name(other.file_type),
                   ", the input is ", type_name(expected)));
    }
  }
}

const ImportRow& import_row(OpKind kind) {
  for (const auto family :
       {window_row, arithmetic_row, recurrent_row, layout_row}) {
    const ImportRow& row = family(kind);
    if (row.convert != nullptr) return row;
  }
  return slice_row(kind);
}

Op convert_op(const OpReader& r) {
  r.check_form();
  Op op;
  op.kind = r.kind();
  for (int i = 0; i < r.outputs(); ++i) op.outputs.push_back(r.output(i));
  import_row(op.kind).convert(r, op);
  const OpClass cls = class_of(op.kind);
  if (cls != OpClass::kQuantize && cls != OpClass::kArg &&
      cls != OpClass::kCast) {
    r.check_file_types(op);
  }
  return op;
}

}  // namespace shoal
