// Work that the operator before can do as well: activations, batch norm and
// other arithmetic per channel, channels in another order.
#include <algorithm>

#include "host/model/graph/operators.h"
#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

Activation* activation_of(Op& op) {
  if (auto* fused = std::get_if<FusedAttr>(&op.attr)) {
    return &fused->activation;
  }
  const bool window = class_of(op.kind) == OpClass::kConvolution &&
                      op.kind != OpKind::kTransposeConv;
  return window ? &std::get<WindowAttr>(op.attr).activation : nullptr;
}

// The channel of a weight: DEPTHWISE_CONV_2D has them last, the others first.
size_t channel_of(const Op& op, size_t weight, size_t weights,
                  size_t channels) {
  return op.kind == OpKind::kDepthwiseConv2d ? weight % channels
                                             : weight / (weights / channels);
}

// Returns the operator that made the value, if the file's axis `axis` is that
// operator's channels and nothing has been done to them since; else null. A
// reshape that waits may have put the axis elsewhere: exporters write layers of
// one dimension as those of two between Unsqueeze and Squeeze.
Op* channel_maker(OnnxCall& call, const Value& v, int axis, size_t channels) {
  Op* op = sole_maker(call, v);
  if (op == nullptr || !has_weights(op->kind)) return nullptr;
  const Activation* activation = activation_of(*op);
  if (activation != nullptr && *activation != Activation::kNone) {
    return nullptr;
  }
  const Shape& shape = call.graph().shape(v.tensor);
  if (static_cast<size_t>(shape.back()) != channels) return nullptr;
  const bool whole = axis == kAllChannelsAlike || channels == 1;
  return whole || Layouts::last_axis(v) == axis ? op : nullptr;
}

void ensure_bias(OnnxCall& call, Op& op, size_t channels) {
  if (op.inputs[2] >= 0) return;
  op.inputs[2] = call.constant_tensor(":bias", {static_cast<int>(channels)},
                                      std::vector<float>(channels, 0.f));
}

}  // namespace

Op* sole_maker(OnnxCall& call, const Value& v) {
  if (v.shared || v.is_constant() || call.graph().noted(v.tensor)) {
    return nullptr;
  }
  return call.graph().maker(v.tensor);
}

bool fuse_activation(OnnxCall& call, const Value& v, Activation activation) {
  Op* op = sole_maker(call, v);
  Activation* current = op == nullptr ? nullptr : activation_of(*op);
  if (current == nullptr) return false;
  const bool doubled =
      activation == Activation::kRelu &&
      (*current == Activation::kRelu || *current == Activation::kRelu6);
  const bool narrowed =
      activation == Activation::kRelu6 && *current == Activation::kRelu;
  if (*current == Activation::kNone || narrowed) {
    *current = activation;
  } else if (!doubled && *current != activation) {
    return false;
  }
  call.graph().rename(v.tensor, call.output_name());
  call.set_output(0, v);
  return true;
}

bool fuse_affine(OnnxCall& call, const Value& v, int axis,
                 const std::vector<float>& scale,
                 const std::vector<float>& shift) {
  const size_t channels = scale.size();
  Op* op = channel_maker(call, v, axis, channels);
  if (op == nullptr) return false;
  // Weights that the file quantizes stay its bytes.
  const bool scaled =
      std::ranges::any_of(scale, [](float factor) { return factor != 1; });
  if (scaled && call.graph().noted(op->inputs[1])) return false;
  ensure_bias(call, *op, channels);
  std::vector<float> weights = call.graph().values(op->inputs[1]);
  for (size_t i = 0; scaled && i < weights.size(); ++i) {
    weights[i] *= scale[channel_of(*op, i, weights.size(), channels)];
  }
  std::vector<float> bias = call.graph().values(op->inputs[2]);
  for (size_t c = 0; c < channels; ++c) {
    bias[c] = static_cast<float>(double{bias[c]} * scale[c] + shift[c]);
  }
  if (scaled) call.graph().set_values(op->inputs[1], weights);
  call.graph().set_values(op->inputs[2], bias);
  call.graph().rename(v.tensor, call.output_name());
  call.set_output(0, v);
  return true;
}

bool fuse_channels(OnnxCall& call, const Value& v,
                   const std::vector<int>& from) {
  const size_t channels = from.size();
  Op* op = channel_maker(call, v, 1, channels);
  // A depthwise filter belongs to its input channel.
  if (op == nullptr || op->kind == OpKind::kDepthwiseConv2d ||
      call.graph().noted(op->inputs[1])) {
    return false;
  }
  const auto permute = [&](int tensor) {
    const std::vector<float> old = call.graph().values(tensor);
    std::vector<float> out(old.size());
    const size_t row = old.size() / channels;
    for (size_t i = 0; i < old.size(); ++i) {
      out[i] = old[static_cast<size_t>(from[i / row]) * row + i % row];
    }
    call.graph().set_values(tensor, out);
  };
  permute(op->inputs[1]);
  if (op->inputs[2] >= 0) permute(op->inputs[2]);
  return true;
}

}  // namespace shoal::onnx_import
