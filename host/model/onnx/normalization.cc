// Normalization by what a frame itself holds, as the sum of its parts: mean,
// squared differences, their mean, the reciprocal root of it.
#include <algorithm>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

// Tensors of the graph; axes of size 1 are left where a mean was.
class Parts {
 public:
  Parts(OnnxCall& call, int x, std::vector<bool> reduced)
      : call_(call), x_(x), reduced_(std::move(reduced)) {
    const Shape& shape = call.graph().shape(x);
    for (size_t i = 0; i < shape.size(); ++i) {
      means_.push_back(reduced_[i] ? 1 : shape[i]);
    }
  }

  // (x - mean) / sqrt(variance + epsilon)
  int normalized(float epsilon) {
    const Shape whole = call_.graph().shape(x_);
    const int mean =
        op(OpKind::kMean, {x_}, ":mean", means_, ReduceAttr{reduced_});
    const int squares =
        op(OpKind::kSquaredDifference, {x_, mean}, ":squares", whole, {});
    const int variance =
        op(OpKind::kMean, {squares}, ":variance", means_, ReduceAttr{reduced_});
    const int least = call_.constant_tensor(":epsilon", {1}, {epsilon});
    const int sum =
        op(OpKind::kAdd, {variance, least}, ":sum", means_, FusedAttr{});
    const int root = op(OpKind::kRsqrt, {sum}, ":root", means_, {});
    const int centred =
        op(OpKind::kSub, {x_, mean}, ":centred", whole, FusedAttr{});
    return op(OpKind::kMul, {centred, root}, ":normalized", whole, FusedAttr{});
  }

 private:
  int op(OpKind kind, std::vector<int> inputs, const char* part,
         const Shape& shape, Attr attr) {
    return call_.graph().op(kind, std::move(inputs), call_.output_name() + part,
                            shape, std::move(attr));
  }

  OnnxCall& call_;
  int x_;
  std::vector<bool> reduced_;
  Shape means_;
};

// Times a constant, plus another if there is one.
void set_scaled(OnnxCall& call, const Value& x, const OnnxTensor& scale,
                const OnnxTensor* bias) {
  const int factor = call.constant_beside(scale, x.order);
  Value v = call.emit_like(OpKind::kMul, {x.tensor, factor}, x, FusedAttr{},
                           bias == nullptr ? "" : ":scaled");
  if (bias != nullptr) {
    const int offset = call.constant_beside(*bias, x.order);
    v = call.emit_like(OpKind::kAdd, {v.tensor, offset}, v, FusedAttr{});
  }
  call.set_output(0, v);
}

// `count` values along axis 1, each of them repeated.
OnnxTensor along_channels(const std::vector<float>& values, size_t rank,
                          int channels) {
  OnnxTensor out;
  out.dims.assign(rank, 1);
  out.dims[1] = channels;
  const size_t each = static_cast<size_t>(channels) / values.size();
  for (const float v : values) out.floats.insert(out.floats.end(), each, v);
  return out;
}

const std::vector<float>& parameter(OnnxCall& call, size_t i, const char* what,
                                    int channels, int groups) {
  const std::vector<float>& v = call.floats(i, what);
  const auto count = static_cast<int>(v.size());
  call.require(count == channels || count == groups,
               text(what, " has ", count, " elements, expected ", channels));
  return v;
}

// Channels in groups: as many as there are for InstanceNormalization. They lie
// last, so that a group is an axis of its own without moving anything.
void by_groups(OnnxCall& call, int groups) {
  call.expect_inputs(3, 3);
  const Value given = call.data(0);
  call.require(given.rank() >= 3, text("an input of ", given.rank(), " axes"));
  const int channels = given.dims[1];
  call.require(groups >= 1 && channels % groups == 0,
               text(channels, " channels in ", groups, " groups"));
  const auto scale = parameter(call, 1, "scale", channels, groups);
  const auto bias = parameter(call, 2, "bias", channels, groups);
  Axes order{0};
  for (int i = 2; i < static_cast<int>(given.rank()); ++i) order.push_back(i);
  order.push_back(1);
  Value x = call.layouts().ordered(given, order);
  const Shape whole = call.graph().shape(x.tensor);
  std::vector<bool> reduced(whole.size(), true);
  reduced[0] = false;
  reduced.back() = false;
  int grouped = x.tensor;
  if (groups != channels) {
    Shape shape = whole;
    shape.back() = groups;
    shape.push_back(channels / groups);
    reduced.push_back(true);
    grouped = call.graph().op(OpKind::kReshape, {x.tensor},
                              call.output_name() + ":groups", shape);
  }
  Parts parts(call, grouped, reduced);
  int made = parts.normalized(call.real("epsilon", 1e-5f));
  if (groups != channels) {
    made = call.graph().op(OpKind::kReshape, {made},
                           call.output_name() + ":joined", whole);
  }
  x.tensor = made;
  x.shared = false;
  const OnnxTensor factor = along_channels(scale, x.rank(), channels);
  const OnnxTensor offset = along_channels(bias, x.rank(), channels);
  set_scaled(call, x, factor, &offset);
}

// Over the axes from one on.
void by_axes(OnnxCall& call) {
  call.expect_inputs(2, 3);
  for (size_t i = 1; i < call.outputs(); ++i) {
    if (call.wants(i)) call.unsupported(text("its result ", i));
  }
  const Value x = call.layouts().settled(call.data(0));
  call.require(x.rank() > 0, "an input without axes");
  const int first = call.axis(call.integer("axis", -1), x.rank());
  std::vector<bool> reduced;
  for (const int axis : x.order) reduced.push_back(axis >= first);
  Parts parts(call, x.tensor, reduced);
  Value v = x;
  v.tensor = parts.normalized(call.real("epsilon", 1e-5f));
  v.shared = false;
  call.floats(1, "scale");
  const OnnxTensor& scale = call.constant(1, "scale");
  const OnnxTensor* bias = nullptr;
  if (call.has(2)) {
    call.floats(2, "bias");
    bias = &call.constant(2, "bias");
  }
  set_scaled(call, v, scale, bias);
}

// Without scale and bias, over any axes. Its definition adds 1e-9 to the root
// of the variance; the square of that below the root does as well.
void by_listed_axes(OnnxCall& call) {
  call.expect_inputs(1, 1);
  Value x = call.layouts().settled(call.data(0));
  std::vector<int64_t> axes{0, 2, 3};
  if (call.has_attribute("axes")) axes = call.integers("axes");
  std::vector<bool> is_listed(x.rank(), false);
  for (const int64_t axis : axes) {
    is_listed[static_cast<size_t>(call.axis(axis, x.rank()))] = true;
  }
  std::vector<bool> reduced;
  for (const int axis : x.order) {
    reduced.push_back(is_listed[static_cast<size_t>(axis)]);
  }
  x.tensor = Parts(call, x.tensor, reduced).normalized(1e-18F);
  x.shared = false;
  call.graph().rename(x.tensor, call.output_name());
  call.set_output(0, x);
}

}  // namespace

bool convert_normalization(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "MeanVarianceNormalization") {
    by_listed_axes(call);
    return true;
  }
  if (type != "GroupNormalization" && type != "LayerNormalization" &&
      type != "InstanceNormalization") {
    return false;
  }
  call.integer("stash_type", 1);  // of what its own kernel computes in
  if (type == "InstanceNormalization") {
    const Value x = call.data(0);
    by_groups(call, x.rank() > 1 ? x.dims[1] : 1);
  } else if (type == "GroupNormalization") {
    const int64_t groups = call.integer("num_groups", 0);
    call.require_at_most(65535, "num_groups", groups);
    by_groups(call, static_cast<int>(std::max<int64_t>(groups, 0)));
  } else {
    by_axes(call);
  }
  return true;
}

}  // namespace shoal::onnx_import
