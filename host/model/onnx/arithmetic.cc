// Operators of two operands, by constants and between tensors.
#include <algorithm>
#include <cmath>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

Attr plain_attr(OpKind kind) {
  if (kind == OpKind::kMaximum || kind == OpKind::kMinimum) return {};
  return FusedAttr{};
}

// Both lie in one order, that of the larger one.
Value between(OnnxCall& call, OpKind kind, const Value& a, const Value& b,
              const char* part) {
  const Shape dims = result_dims(call, a.dims, b.dims);
  Value p = call.layouts().settled(call.layouts().padded(a, dims.size()));
  Value q = call.layouts().settled(call.layouts().padded(b, dims.size()));
  const bool first = element_count(p.dims) >= element_count(q.dims);
  const Axes order = first ? p.order : q.order;
  p = call.layouts().ordered(p, order);
  q = call.layouts().ordered(q, order);
  return call.emit(kind, {p.tensor, q.tensor}, dims, order, plain_attr(kind),
                   part);
}

// The constant's values along the one axis along which it varies; that axis,
// or -1 if there are several.
int varying_axis(const Shape& dims, size_t rank) {
  int axis = static_cast<int>(rank) - 1;
  int found = 0;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == 1) continue;
    axis = static_cast<int>(i + rank - dims.size());
    ++found;
  }
  return found > 1 ? -1 : axis;
}

// x * c, x + c or x - c into the layer that made x.
bool fuse_constant(OnnxCall& call, OpKind kind, const Value& x,
                   const OnnxTensor& c, const Shape& dims) {
  // A factor that the file quantizes stays an operand; a sum goes into the
  // bias.
  const bool quantized_factor = kind == OpKind::kMul && !c.quant.scale.empty();
  const Shape& lies = call.graph().shape(x.tensor);
  if (dims.size() > x.rank() || lies.empty() || quantized_factor) {
    return false;
  }
  const auto channels = static_cast<size_t>(lies.back());
  std::vector<float> values = c.floats;
  int axis = kAllChannelsAlike;
  if (values.size() == 1) {
    values.assign(channels, c.floats[0]);
  } else {
    axis = varying_axis(dims, x.rank());
    if (axis < 0 || values.size() != channels) return false;
  }
  const std::vector<float> zeros(channels, 0.f), ones(channels, 1.f);
  if (kind == OpKind::kMul) {
    return fuse_affine(call, x, axis, values, zeros);
  }
  return fuse_affine(call, x, axis, ones, values);
}

int constant_operand(OnnxCall& call, const OnnxTensor& c, const Axes& order) {
  const int made = call.constant_beside(c, order);
  if (c.quant.scale.size() == 1) call.graph().note(made).quant = c.quant;
  return made;
}

// Returns x * factor as a multiple of a hard sigmoid, in `room`; null if x is
// no known one.
const Gate* scaled_gate(OnnxCall& call, const Value& x, float factor,
                        Gate& room) {
  const auto gate = call.state().gates.find(x.tensor);
  if (gate == call.state().gates.end()) return nullptr;
  room = gate->second;
  room.factor *= factor;
  return &room;
}

bool is_hard_swish(const Gate& gate) {
  return gate.times && std::abs(gate.factor - 1) < 1e-6f;
}

// `like` is a value of the source's layout.
void set_gated(OnnxCall& call, const Gate& gate, Value made,
               const Value& like) {
  if (is_hard_swish(gate)) {
    made = call.emit_like(OpKind::kHardSwish, {gate.source}, like);
  } else {
    call.state().gates[made.tensor] = gate;
  }
  call.set_output(0, std::move(made));
}

// x on the left of the operator, or on its right.
void by_constant(OnnxCall& call, OpKind kind, const Value& x,
                 const OnnxTensor& c, bool constant_first) {
  const Shape dims = call.shape_of(c.dims);
  const bool scales = kind == OpKind::kMul || kind == OpKind::kAdd;
  if (scales && fuse_constant(call, kind, x, c, dims)) return;
  if (kind == OpKind::kSub && !constant_first) {
    OnnxTensor negated = c;
    for (float& v : negated.floats) v = -v;
    if (fuse_constant(call, OpKind::kAdd, x, negated, dims)) return;
  }
  Value v = x;
  if (c.count() != 1) {
    const Shape out = result_dims(call, x.dims, dims);
    v = call.layouts().settled(call.layouts().padded(x, out.size()));
    const int other = constant_operand(call, c, v.order);
    const std::vector<int> operands = constant_first
                                          ? std::vector<int>{other, v.tensor}
                                          : std::vector<int>{v.tensor, other};
    return call.set_output(
        0, call.emit(kind, operands, out, v.order, plain_attr(kind)));
  }
  if (dims.size() > x.rank()) {
    v = call.layouts().settled(call.layouts().padded(x, dims.size()));
  }
  Gate room;
  const Gate* gate = nullptr;
  if (kind == OpKind::kMul) gate = scaled_gate(call, v, c.floats[0], room);
  const int other = constant_operand(call, c, v.order);
  const std::vector<int> operands = constant_first
                                        ? std::vector<int>{other, v.tensor}
                                        : std::vector<int>{v.tensor, other};
  const Value made =
      call.emit_like(kind, operands, v, plain_attr(kind),
                     gate != nullptr && is_hard_swish(*gate) ? ":scaled" : "");
  if (gate != nullptr) return set_gated(call, *gate, made, v);
  call.set_output(0, made);
}

void product(OnnxCall& call, const Value& a, const Value& b) {
  const auto gate_of = [&](const Value& x, const Value& y) -> const Gate* {
    const auto found = call.state().gates.find(y.tensor);
    if (found == call.state().gates.end()) return nullptr;
    const Gate& g = found->second;
    const bool alike =
        x.dims == y.dims && x.order == y.order && x.before == y.before;
    return alike && !g.times && g.source == x.tensor ? &g : nullptr;
  };
  const Gate* gate = gate_of(a, b);
  if (gate == nullptr) gate = gate_of(b, a);
  if (gate == nullptr) {
    return call.set_output(0, between(call, OpKind::kMul, a, b, ""));
  }
  const Gate times{gate->source, gate->factor, true};
  if (is_hard_swish(times)) {
    return call.set_output(
        0, call.emit_like(OpKind::kHardSwish, {times.source}, a));
  }
  const Value made = between(call, OpKind::kMul, a, b, "");
  set_gated(call, times, made, a);
}

const OnnxTensor& operand(OnnxCall& call, size_t i) {
  call.floats(i, "an operand");
  return call.constant(i, "an operand");
}

// Before opset 7: whether there is a broadcast, and where in the first operand
// the second one's axes lie. As later opsets have it, with ones behind.
void spread_old_operand(OnnxCall& call, const Value& a, Value& b) {
  const bool asked = call.integer("broadcast", 0) != 0;
  const auto rank = [](const Value& v) {
    return v.is_constant() ? v.constant->dims.size() : v.rank();
  };
  const size_t all = rank(a), own = rank(b);
  const int64_t last = static_cast<int64_t>(all) - static_cast<int64_t>(own);
  const int64_t axis = call.integer("axis", std::max<int64_t>(last, 0));
  if (!asked) {
    call.require(all == own, "operands of different axes without broadcast");
    return;
  }
  call.require(axis >= 0 && axis <= last,
               text(own, " axes from axis ", axis, " of ", all));
  const auto ones = static_cast<size_t>(last - axis);
  if (ones == 0) return;
  if (b.is_constant()) {
    OnnxTensor t = *b.constant;
    t.dims.insert(t.dims.end(), ones, 1);
    b.constant = std::make_shared<const OnnxTensor>(std::move(t));
    return;
  }
  Shape dims = b.dims;
  dims.insert(dims.end(), ones, 1);
  b = call.layouts().reshaped(b, dims);
}

void binary(OnnxCall& call, OpKind kind) {
  call.expect_inputs(2, 2);
  const Value a = call.in(0);
  Value b = call.in(1);
  if (call.before(7) &&
      (kind == OpKind::kAdd || kind == OpKind::kSub || kind == OpKind::kMul)) {
    spread_old_operand(call, a, b);
  }
  if (a.is_constant()) {
    return by_constant(call, kind, call.data(1), operand(call, 0), true);
  }
  if (b.is_constant()) {
    operand(call, 1);
    return by_constant(call, kind, a, *b.constant, false);
  }
  if (kind == OpKind::kMul) return product(call, a, b);
  call.set_output(0, between(call, kind, a, b, ""));
}

// By a constant: times its reciprocal.
void division(OnnxCall& call) {
  call.expect_inputs(2, 2);
  if (call.before(7) && call.integer("broadcast", 0) != 0) {
    call.unsupported("a broadcast of opset 6; export with a later one");
  }
  if (!call.in(1).is_constant()) return binary(call, OpKind::kDiv);
  const Value x = call.data(0);
  OnnxTensor c = operand(call, 1);
  if (!c.quant.scale.empty()) {
    call.unsupported("a division by a quantized constant; use Mul");
  }
  for (float& v : c.floats) {
    v = 1 / v;
    call.require(std::isfinite(v), "a division by zero");
  }
  c.name.clear();
  by_constant(call, OpKind::kMul, x, c, false);
}

// Any number of operands, tensors or constants, one after another.
void variadic(OnnxCall& call, OpKind kind) {
  if (call.inputs() == 2) return binary(call, kind);
  call.expect_inputs(1, 1 << 20);
  Value sum = call.data(0);
  for (size_t i = 1; i < call.inputs(); ++i) {
    const bool last = i + 1 == call.inputs();
    sum = between(call, kind, sum, call.data(i), last ? "" : ":part");
  }
  call.set_output(0, sum);
}

// The sum of any number of operands by their number.
void mean(OnnxCall& call) {
  call.expect_inputs(1, 1 << 20);
  Value sum = call.data(0);
  if (call.inputs() == 1) return call.set_output(0, sum);
  for (size_t i = 1; i < call.inputs(); ++i) {
    sum = between(call, OpKind::kAdd, sum, call.data(i), ":part");
  }
  const int share = call.constant_tensor(
      ":share", {1}, {1.F / static_cast<float>(call.inputs())});
  call.set_output(
      0, call.emit_like(OpKind::kMul, {sum.tensor, share}, sum, FusedAttr{}));
}

// A constant along axis 1, or, without `spatial`, along all behind the first.
OnnxTensor along_channels(const std::vector<float>& values, const Shape& dims,
                          bool spatial) {
  OnnxTensor out;
  out.dims.assign(dims.begin(), dims.end());
  out.dims[0] = 1;
  for (size_t i = 2; spatial && i < dims.size(); ++i) out.dims[i] = 1;
  out.floats = values;
  return out;
}

void check_inference(const OnnxCall& call) {
  // Before opset 14 it is the number of results that says training.
  bool training = call.integer("training_mode", 0) != 0;
  for (size_t i = 1; i < call.outputs(); ++i) training |= call.wants(i);
  if (call.before(7)) training |= call.integer("is_test", 0) == 0;
  if (training) call.unsupported("training mode; export with model.eval()");
  call.ignore({"momentum"});
}

void batch_normalization(OnnxCall& call) {
  call.expect_inputs(5, 5);
  const Value given = call.data(0);
  check_inference(call);
  call.require(given.rank() >= 2, text("an input of ", given.rank(), " axes"));
  // Statistics of every place, which opset 9 gave up.
  const bool spatial = !call.before(9) || call.integer("spatial", 1) != 0;
  const auto channels = static_cast<size_t>(
      spatial ? given.dims[1] : element_count(given.dims) / given.dims[0]);
  const auto parameter = [&](size_t i, const char* what) {
    const std::vector<float>& v = call.floats(i, what);
    call.require(v.size() == channels, text(what, " has ", v.size(),
                                            " elements, expected ", channels));
    return v;
  };
  const auto gamma = parameter(1, "scale"), beta = parameter(2, "bias");
  const auto mean = parameter(3, "mean"), variance = parameter(4, "variance");
  const double epsilon = call.real("epsilon", 1e-5f);
  std::vector<float> scale, shift;
  for (size_t c = 0; c < channels; ++c) {
    const double factor = gamma[c] / std::sqrt(variance[c] + epsilon);
    call.require(std::isfinite(factor),
                 text("variance of ", variance[c], " of channel ", c));
    scale.push_back(static_cast<float>(factor));
    shift.push_back(static_cast<float>(beta[c] - mean[c] * factor));
  }
  if (spatial && fuse_affine(call, given, 1, scale, shift)) return;
  const Value x = call.layouts().settled(given);
  const int factor =
      call.constant_beside(along_channels(scale, x.dims, spatial), x.order);
  const Value scaled = call.emit_like(OpKind::kMul, {x.tensor, factor}, x,
                                      FusedAttr{}, ":scaled");
  const int offset =
      call.constant_beside(along_channels(shift, x.dims, spatial), x.order);
  call.set_output(
      0, call.emit_like(OpKind::kAdd, {scaled.tensor, offset}, x, FusedAttr{}));
}

}  // namespace

bool convert_arithmetic(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Add") {
    binary(call, OpKind::kAdd);
  } else if (type == "Sub") {
    binary(call, OpKind::kSub);
  } else if (type == "Mul") {
    binary(call, OpKind::kMul);
  } else if (type == "Div") {
    division(call);
  } else if (type == "Sum") {
    variadic(call, OpKind::kAdd);
  } else if (type == "Mean") {
    mean(call);
  } else if (type == "Max") {
    variadic(call, OpKind::kMaximum);
  } else if (type == "Min") {
    variadic(call, OpKind::kMinimum);
  } else if (type == "BatchNormalization") {
    batch_normalization(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
