#include "host/model/import/testing/rewritten_models.h"

#include <cstring>

#include "host/model/import/testing/model_builder.h"

namespace shoal {
namespace {

const BuilderScale kScale{0.05f, 4};

RawTensor& tensor_of(ModelBuilder& b, int t) {
  return b.raw().tensors[static_cast<size_t>(t)];
}

int in_float(ModelBuilder& b, int t) {
  tensor_of(b, t).type = kCodeFloat32;
  tensor_of(b, t).scale.clear();
  tensor_of(b, t).zero.clear();
  return t;
}

// Weights 2x1x1x4, rows 0 7 0 0 and 5 0 0 9; behind a DENSIFY.
std::vector<uint8_t> sparse() {
  ModelBuilder b;
  const int x = b.input({1, 3, 3, 4}, kScale);
  const int w = b.weights({2, 1, 1, 4}, {0, 7, 0, 0, 5, 0, 0, 9}, {0.1f}, 0);
  const int dense = static_cast<int>(b.raw().tensors.size());
  b.raw().tensors.push_back(tensor_of(b, w));
  tensor_of(b, dense).buffer = 0;
  b.data(w) = {7, 5, 9};
  RawSparsity s;
  s.order = {0, 1, 2, 3};
  s.levels = {{true, 2, {}, {}},
              {true, 1, {}, {}},
              {true, 1, {}, {}},
              {false, 0, {0, 1, 3}, {1, 0, 3}}};
  tensor_of(b, w).sparsity = s;
  RawOp densify;
  densify.code = 124;
  densify.inputs = {w};
  densify.outputs = {dense};
  b.raw().ops.push_back(densify);
  b.output(b.conv(x, dense, -1, kScale));
  return b.finish();
}

std::vector<uint8_t> islands() {
  ModelBuilder b;
  const int x = b.dequantize(b.input({1, 4, 4, 2}, kScale));
  const int wide = in_float(b, b.mirror_pad(x, {0, 1, 1, 0}, {0, 1, 1, 0}));
  const int both = in_float(b, b.concatenation({wide, wide}, 3));
  b.output(b.quantize(both, {0.07f, -3}));
  return b.finish();
}

std::vector<uint8_t> float_variables() {
  ModelBuilder b;
  const int x = b.input({1, 1, 2, 3}, kScale);
  const int v = b.variable({1, 4, 2, 3}, kScale);
  const int old = in_float(b, b.read_variable(v));
  const int all = b.quantize(
      in_float(b, b.concatenation({old, b.dequantize(x)}, 1)), kScale);
  const int last =
      b.strided_slice(all, {{0, 1, 0, 0}, {1, 5, 2, 3}, {1, 1, 1, 1}});
  b.output(b.reduce(OpKind::kMean, all, {1}, true, kScale));
  b.assign_variable(v, b.dequantize(last));
  return b.finish();
}

std::vector<uint8_t> float_ends() {
  ModelBuilder b(Type::kFloat32);
  const int y = b.tanh(b.input({1, 4, 3, 2}, {}));
  const int bytes = b.quantize(y, {0.005f, -28});
  b.output(b.dequantize(b.transpose(bytes, {0, 2, 1, 3})));
  return b.finish();
}

std::vector<uint8_t> custom() {
  ModelBuilder b(Type::kFloat32);
  const int x = b.input({1, 4, 4, 3}, {});
  const int w = b.weights({2, 2, 2, 3}, std::vector<int8_t>(24, 3), {0.1f}, 0);
  const int bias = b.bias({5, -6});
  BuilderWindow window;
  window.stride_h = window.stride_w = 2;
  b.output(b.transpose_conv(x, w, bias, {}, 8, 8, window));
  RawOp& op = b.raw().ops[0];
  op.code = 32;
  op.custom = "Convolution2DTransposeBias";
  op.options = {};
  op.inputs = {x, w, bias};
  const int32_t options[] = {1, 2, 2};
  op.custom_options.resize(sizeof options);
  std::memcpy(op.custom_options.data(), options, sizeof options);
  return b.finish();
}

std::vector<uint8_t> open_shapes() {
  ModelBuilder b;
  const int x = b.input({1, 4, 6, 2}, kScale);
  const int split = b.space_to_batch(x, {2, 3}, {0, 0, 0, 0});
  const int act = b.unary(OpKind::kRelu, split, kScale);
  const int whole = b.batch_to_space(act, {2, 3}, {0, 0, 0, 0});
  for (const int t : {split, act, whole}) {
    tensor_of(b, t).signature = tensor_of(b, t).shape;
    tensor_of(b, t).signature[0] = -1;
    tensor_of(b, t).shape[0] = 1;
  }
  b.output(whole);
  return b.finish();
}

// An odd number of weights, so that the last byte is half; SOFTMAX in float32.
std::vector<uint8_t> four_bits() {
  ModelBuilder b;
  const int x = b.input({1, 4, 4, 3}, kScale);
  const std::vector<float> scales{0.1f, 0.2f, 0.3f};
  const int w =
      b.int4_weights({3, 3, 3, 3}, std::vector<int8_t>(81, -7), scales, 0);
  const int y = b.conv(x, w, b.bias({1, 2, 3}), kScale);
  const int d =
      b.int4_weights({1, 3, 3, 3}, std::vector<int8_t>(27, 5), scales, 3);
  const int z = b.depthwise(y, d, b.bias({4, 5, 6}), kScale);
  b.output(b.softmax_of_floats(z, {0.003f, -120}));
  return b.finish();
}

}  // namespace

std::vector<SampleModel> rewritten_models() {
  return {{"sparse", sparse()},
          {"islands", islands()},
          {"variables_in_float", float_variables()},
          {"byte_ends", float_ends()},
          {"custom", custom()},
          {"open_shapes", open_shapes()},
          {"four_bits", four_bits()}};
}

}  // namespace shoal
