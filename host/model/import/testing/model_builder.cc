#include "host/model/import/testing/model_builder.h"

#include <algorithm>
#include <cstring>

#include "host/model/import/testing/result_shapes.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

int window_size(int in, int kernel, int stride, int dilation, bool same) {
  const int extent = (kernel - 1) * dilation + 1;
  return same ? (in + stride - 1) / stride : (in - extent) / stride + 1;
}

RawOptions window_options(const ModelBuilder::Window& w) {
  RawOptions o;
  o.padding = w.same ? kPaddingSame : kPaddingValid;
  o.stride_h = w.stride_h;
  o.stride_w = w.stride_w;
  o.dilation_h = w.dilation_h;
  o.dilation_w = w.dilation_w;
  o.activation = static_cast<int>(w.activation);
  return o;
}

Shape window_shape(const Shape& x, int kernel_h, int kernel_w, int channels,
                   const ModelBuilder::Window& w) {
  return {x[0], window_size(x[1], kernel_h, w.stride_h, w.dilation_h, w.same),
          window_size(x[2], kernel_w, w.stride_w, w.dilation_w, w.same),
          channels};
}

// Returns the real values of int8 constants, as float32 bytes; scales lie along
// `axis`.
std::vector<uint8_t> real_bytes(const Shape& shape,
                                const std::vector<int8_t>& values,
                                const std::vector<float>& scales, int axis,
                                int zero) {
  int64_t inner = 1;
  for (size_t i = static_cast<size_t>(axis) + 1; i < shape.size(); ++i) {
    inner *= shape[i];
  }
  std::vector<uint8_t> bytes(values.size() * sizeof(float));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t channel = i / static_cast<size_t>(inner) % scales.size();
    const float real = scales[channel] * static_cast<float>(values[i] - zero);
    std::memcpy(&bytes[i * sizeof real], &real, sizeof real);
  }
  return bytes;
}

uint16_t half_of(float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const int exponent = static_cast<int>(bits >> 23 & 255) - 127 + 15;
  const uint32_t sign = bits >> 16 & 0x8000;
  if (exponent <= 0) return static_cast<uint16_t>(sign);
  return static_cast<uint16_t>(sign | static_cast<uint32_t>(exponent) << 10 |
                               (bits >> 13 & 1023));
}

int sliced(int size, int begin, int end, int stride) {
  const int low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1;
  const int first = std::clamp(begin < 0 ? begin + size : begin, low, high);
  const int last = std::clamp(end < 0 ? end + size : end, low, high);
  return stride > 0 ? (last - first + stride - 1) / stride
                    : (first - last - stride - 1) / -stride;
}

}  // namespace

ModelBuilder::ModelBuilder(Type file_type)
    : file_type_(file_type), buffers_(1) {}

int ModelBuilder::add_tensor(const Shape& shape, Type type,
                             const std::vector<float>& scales, int zero) {
  RawTensor t;
  t.name = "t" + std::to_string(raw_.tensors.size());
  t.type = type_code(type);
  t.shape = shape;
  if (type == Type::kInt8 || type == Type::kUint8 || type == Type::kInt4) {
    t.scale = scales;
    t.zero.assign(scales.size(), type == Type::kUint8 ? zero + 128 : zero);
  }
  raw_.tensors.push_back(t);
  return static_cast<int>(raw_.tensors.size()) - 1;
}

int ModelBuilder::add_constant(const Shape& shape, Type type,
                               const std::vector<int8_t>& values,
                               const std::vector<float>& scales, int axis,
                               int zero) {
  const int t = add_tensor(shape, type, scales, zero);
  raw_.tensors.back().buffer = static_cast<uint32_t>(buffers_.size());
  raw_.tensors.back().axis = axis;
  if (type == Type::kFloat32) {
    buffers_.push_back(real_bytes(shape, values, scales, axis, zero));
    return t;
  }
  std::vector<uint8_t> bytes(values.begin(), values.end());
  if (type == Type::kUint8) {
    for (uint8_t& byte : bytes) byte ^= 0x80;
  }
  buffers_.push_back(std::move(bytes));
  return t;
}

int ModelBuilder::input(const Shape& shape, Scale scale) {
  raw_.inputs.push_back(
      add_tensor(shape, file_type_, {scale.scale}, scale.zero));
  return raw_.inputs.back();
}

int ModelBuilder::float_input(const Shape& shape) {
  raw_.inputs.push_back(add_tensor(shape, Type::kFloat32, {}, 0));
  return raw_.inputs.back();
}

int ModelBuilder::constant(const Shape& shape,
                           const std::vector<int8_t>& values, Scale scale) {
  return add_constant(shape, file_type_, values, {scale.scale}, 0, scale.zero);
}

int ModelBuilder::weights(const Shape& shape, const std::vector<int8_t>& values,
                          const std::vector<float>& scales, int axis,
                          int zero) {
  return add_constant(shape, file_type_, values, scales, axis, zero);
}

int ModelBuilder::int4_weights(const Shape& shape,
                               const std::vector<int8_t>& values,
                               const std::vector<float>& scales, int axis) {
  std::vector<int8_t> packed((values.size() + 1) / 2);
  for (size_t i = 0; i < values.size(); ++i) {
    const int nibble = values[i] & 15;
    packed[i / 2] |= static_cast<int8_t>(i % 2 == 0 ? nibble : nibble << 4);
  }
  return add_constant(shape, Type::kInt4, packed, scales, axis, 0);
}

int ModelBuilder::bias(const std::vector<int32_t>& values) {
  const int t = numbers({static_cast<int>(values.size())}, values);
  if (file_type_ != Type::kFloat32) return t;
  raw_.tensors.back().type = kCodeFloat32;
  for (size_t i = 0; i < values.size(); ++i) {
    const float real = static_cast<float>(values[i]) / 1000;
    std::memcpy(&buffers_.back()[i * sizeof real], &real, sizeof real);
  }
  return t;
}

int ModelBuilder::numbers(const Shape& shape,
                          const std::vector<int32_t>& values) {
  const int t = add_constant(shape, Type::kInt32, {}, {}, 0, 0);
  std::vector<uint8_t>& bytes = buffers_.back();
  bytes.resize(values.size() * sizeof(int32_t));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return t;
}

int ModelBuilder::halved(int constant) {
  std::vector<uint8_t>& bytes = data(constant);
  for (size_t i = 0; i < bytes.size() / 4; ++i) {
    float value = 0;
    std::memcpy(&value, &bytes[4 * i], sizeof value);
    const uint16_t half = half_of(value);
    std::memcpy(&bytes[2 * i], &half, sizeof half);
  }
  bytes.resize(bytes.size() / 2);
  raw_.tensors[static_cast<size_t>(constant)].type = kCodeFloat16;
  return dequantize(constant);
}

Type ModelBuilder::type(int tensor) const {
  switch (raw_.tensors[static_cast<size_t>(tensor)].type) {
    case kCodeFloat32:
      return Type::kFloat32;
    case kCodeUint8:
      return Type::kUint8;
    case kCodeInt32:
      return Type::kInt32;
    case kCodeInt64:
      return Type::kInt64;
    default:
      return Type::kInt8;
  }
}

const Shape& ModelBuilder::shape(int tensor) const {
  return raw_.tensors[static_cast<size_t>(tensor)].shape;
}

ModelBuilder::Scale ModelBuilder::scale(int tensor) const {
  const RawTensor& t = raw_.tensors[static_cast<size_t>(tensor)];
  if (t.scale.empty()) return {};
  const int shift = t.type == kCodeUint8 ? 128 : 0;
  return {t.scale[0], static_cast<int>(t.zero[0]) - shift};
}

void ModelBuilder::rename(int tensor, const std::string& name) {
  raw_.tensors[static_cast<size_t>(tensor)].name = name;
}

std::vector<uint8_t>& ModelBuilder::data(int tensor) {
  return buffers_[raw_.tensors[static_cast<size_t>(tensor)].buffer];
}

std::vector<uint8_t> ModelBuilder::finish() const {
  RawModel model = raw_;
  model.buffers.assign(buffers_.begin(), buffers_.end());
  return encode(model);
}

int ModelBuilder::add_raw_op(OpKind kind, const std::vector<int>& inputs,
                             int output, RawOptions options) {
  const OpInfo& info = op_info(kind);
  options.code = static_cast<int>(info.options);
  raw_.ops.push_back({info.code, "", inputs, {output}, options});
  return output;
}

int ModelBuilder::add_op(OpKind kind, const std::vector<int>& inputs,
                         const Shape& shape, Scale scale,
                         const RawOptions& options) {
  const bool second = kind == OpKind::kTransposeConv || kind == OpKind::kSplit;
  const int typed = inputs[second ? inputs.size() - 1 : 0];
  const int y = add_tensor(shape, type(typed), {scale.scale}, scale.zero);
  return add_raw_op(kind, inputs, y, options);
}

int ModelBuilder::conv(int x, int w, int bias, Scale y, Window window) {
  const Shape& k = shape(w);
  return add_op(OpKind::kConv2d, {x, w, bias},
                window_shape(shape(x), k[1], k[2], k[0], window), y,
                window_options(window));
}

int ModelBuilder::depthwise(int x, int w, int bias, Scale y, Window window) {
  const Shape& k = shape(w);
  RawOptions options = window_options(window);
  options.depth_multiplier = k[3] / shape(x)[3];
  return add_op(OpKind::kDepthwiseConv2d, {x, w, bias},
                window_shape(shape(x), k[1], k[2], k[3], window), y, options);
}

int ModelBuilder::fully_connected(int x, int w, int bias, Scale y,
                                  Activation activation, bool keep_num_dims) {
  const int out = shape(w)[0], in = shape(w)[1];
  RawOptions options;
  options.activation = static_cast<int>(activation);
  options.keep_num_dims = keep_num_dims;
  Shape result = {static_cast<int>(element_count(shape(x)) / in), out};
  if (keep_num_dims) {
    result = shape(x);
    result.back() = out;
  }
  return add_op(OpKind::kFullyConnected, {x, w, bias}, result, y, options);
}

int ModelBuilder::transpose_conv(int x, int w, int bias, Scale y, int height,
                                 int width, Window window) {
  const Shape result = {shape(x)[0], height, width, shape(w)[0]};
  const int sizes = numbers({4}, result);
  const int out = add_tensor(result, type(x), {y.scale}, y.zero);
  std::vector<int> inputs = {sizes, w, x};
  if (bias != -1) inputs.push_back(bias);
  return add_raw_op(OpKind::kTransposeConv, inputs, out,
                    window_options(window));
}

int ModelBuilder::pool(OpKind kind, int x, int filter_h, int filter_w,
                       Window window) {
  RawOptions options = window_options(window);
  options.filter_h = filter_h;
  options.filter_w = filter_w;
  return add_op(kind, {x},
                window_shape(shape(x), filter_h, filter_w, shape(x)[3], window),
                scale(x), options);
}

int ModelBuilder::binary(OpKind kind, int a, int b, Scale y,
                         Activation activation) {
  RawOptions options;
  options.activation = static_cast<int>(activation);
  return add_op(kind, {a, b}, broadcast(shape(a), shape(b)), y, options);
}

int ModelBuilder::reduce(OpKind kind, int x, const std::vector<int>& axes,
                         bool keep_dims, Scale y) {
  RawOptions options;
  options.keep_dims = keep_dims;
  const Shape in = shape(x);
  std::vector<bool> reduced(in.size(), false);
  for (const int axis : axes) reduced[axis_of(axis, in)] = true;
  Shape result;
  for (size_t i = 0; i < in.size(); ++i) {
    if (!reduced[i] || keep_dims) result.push_back(reduced[i] ? 1 : in[i]);
  }
  return add_op(kind, {x, numbers({static_cast<int>(axes.size())}, axes)},
                result, y, options);
}

int ModelBuilder::unary(OpKind kind, int x, Scale y) {
  return add_op(kind, {x}, shape(x), y);
}

int ModelBuilder::leaky_relu(int x, float alpha, Scale y) {
  RawOptions options;
  options.value = alpha;
  return add_op(OpKind::kLeakyRelu, {x}, shape(x), y, options);
}

int ModelBuilder::prelu(int x, int alpha, Scale y) {
  return add_op(OpKind::kPrelu, {x, alpha}, shape(x), y);
}

int ModelBuilder::softmax(int x, float beta) {
  RawOptions options;
  options.value = beta;
  return add_op(OpKind::kSoftmax, {x}, shape(x), {1 / 256.f, -128}, options);
}

int ModelBuilder::quantize(int x, Scale y, Type file_type) {
  const int out = add_tensor(shape(x), file_type, {y.scale}, y.zero);
  return add_raw_op(OpKind::kQuantize, {x}, out, {});
}

int ModelBuilder::dequantize(int x) {
  const int out = add_tensor(shape(x), Type::kFloat32, {}, 0);
  return add_raw_op(OpKind::kDequantize, {x}, out, {});
}

int ModelBuilder::swish_of_floats(int x, Scale y) {
  const int real = dequantize(x);
  const auto step = [&](OpKind kind, const std::vector<int>& inputs) {
    const int out = add_tensor(shape(x), Type::kFloat32, {}, 0);
    return add_raw_op(kind, inputs, out, {});
  };
  const int gate = step(OpKind::kLogistic, {real});
  return quantize(step(OpKind::kMul, {real, gate}), y, type(x));
}

int ModelBuilder::softmax_of_floats(int x, Scale y) {
  RawOptions options;
  options.value = 1;
  const int out = add_tensor(shape(x), Type::kFloat32, {}, 0);
  const int real = dequantize(x);
  return quantize(add_raw_op(OpKind::kSoftmax, {real}, out, options), y,
                  type(x));
}

int ModelBuilder::variable(const Shape& shape, Scale scale,
                           const std::vector<int8_t>& initial) {
  Variable v{shape, scale, "v" + std::to_string(variables_.size())};
  RawTensor handle;
  handle.name = v.name + " handle";
  handle.type = kCodeResource;
  RawOp make;
  make.code = kVarHandleCode;
  make.options.code = static_cast<int>(OptionsCode::kVarHandle);
  make.options.variable = std::string(1, '\0') + v.name;
  const auto add = [&](std::vector<RawTensor>& tensors,
                       std::vector<RawOp>& ops) {
    make.outputs = {static_cast<int>(tensors.size())};
    tensors.push_back(handle);
    ops.push_back(make);
    return make.outputs[0];
  };
  if (!initial.empty()) {
    if (raw_.subgraphs.empty()) {
      raw_.subgraphs.emplace_back();
      RawOp once;
      once.code = kCallOnceCode;
      once.options.code = static_cast<int>(OptionsCode::kCallOnce);
      once.options.subgraph = 1;
      raw_.ops.insert(raw_.ops.begin(), once);
    }
    RawSubgraph& s = raw_.subgraphs[0];
    const int to = add(s.tensors, s.ops);
    constant(shape, initial, scale);
    s.tensors.push_back(raw_.tensors.back());
    raw_.tensors.pop_back();
    RawOp set;
    set.code = kAssignVariableCode;
    set.inputs = {to, to + 1};
    s.ops.push_back(set);
  }
  const int at = add(raw_.tensors, raw_.ops);
  variables_[at] = std::move(v);
  return at;
}

int ModelBuilder::read_variable(int handle) {
  const Variable& v = variables_.at(handle);
  const int out =
      add_tensor(v.shape, file_type_, {v.scale.scale}, v.scale.zero);
  return add_raw_op(OpKind::kReadVariable, {handle}, out, {});
}

void ModelBuilder::assign_variable(int handle, int tensor) {
  RawOp op;
  op.code = kAssignVariableCode;
  op.inputs = {handle, tensor};
  raw_.ops.push_back(op);
}

int ModelBuilder::concatenation(const std::vector<int>& xs, int axis) {
  RawOptions options;
  options.axis = axis;
  Shape result = shape(xs[0]);
  const size_t along = axis_of(axis, result);
  result[along] = 0;
  for (const int x : xs) result[along] += shape(x)[along];
  return add_op(OpKind::kConcatenation, xs, result, scale(xs[0]), options);
}

int ModelBuilder::pad(int x, const std::vector<int>& before,
                      const std::vector<int>& after) {
  Shape result = shape(x);
  std::vector<int> amounts;
  for (size_t i = 0; i < result.size(); ++i) {
    result[i] += before[i] + after[i];
    amounts.push_back(before[i]);
    amounts.push_back(after[i]);
  }
  const int rank = static_cast<int>(result.size());
  return add_op(OpKind::kPad, {x, numbers({rank, 2}, amounts)}, result,
                scale(x));
}

int ModelBuilder::padv2(int x, const std::vector<int>& before,
                        const std::vector<int>& after, int8_t value) {
  const int y = pad(x, before, after);
  RawOp& op = raw_.ops.back();
  op.code = op_info(OpKind::kPadv2).code;
  op.options.code = static_cast<int>(OptionsCode::kPadV2);
  const Scale s = scale(x);
  op.inputs.push_back(
      add_constant({1}, type(x), {value}, {s.scale}, 0, s.zero));
  return y;
}

int ModelBuilder::mirror_pad(int x, const std::vector<int>& before,
                             const std::vector<int>& after, bool symmetric) {
  const int y = pad(x, before, after);
  RawOp& op = raw_.ops.back();
  op.code = op_info(OpKind::kMirrorPad).code;
  op.options.code = static_cast<int>(OptionsCode::kMirrorPad);
  op.options.mode = symmetric ? kMirrorSymmetric : kMirrorReflect;
  return y;
}

int ModelBuilder::pack(const std::vector<int>& xs, int axis) {
  RawOptions options;
  options.axis = axis;
  options.num_splits = static_cast<int>(xs.size());
  Shape result = shape(xs[0]);
  const int rank = static_cast<int>(result.size());
  result.insert(result.begin() + (axis < 0 ? axis + rank + 1 : axis),
                options.num_splits);
  return add_op(OpKind::kPack, xs, result, scale(xs[0]), options);
}

std::vector<int> ModelBuilder::unpack(int x, int axis) {
  RawOptions options;
  options.axis = axis;
  Shape result = shape(x);
  const size_t along = axis_of(axis, result);
  options.num_splits = result[along];
  result.erase(result.begin() + static_cast<std::ptrdiff_t>(along));
  std::vector<int> out = {
      add_op(OpKind::kUnpack, {x}, result, scale(x), options)};
  const Scale s = scale(x);
  while (static_cast<int>(out.size()) < options.num_splits) {
    out.push_back(add_tensor(result, type(x), {s.scale}, s.zero));
  }
  raw_.ops.back().outputs = out;
  return out;
}

int ModelBuilder::reshape(int x, const Shape& result) {
  const int sizes = numbers({static_cast<int>(result.size())}, result);
  return add_op(OpKind::kReshape, {x, sizes}, result, scale(x));
}

int ModelBuilder::squeeze(int x, const std::vector<int>& axes) {
  RawOptions options;
  options.dims = axes;
  const Shape in = shape(x);
  std::vector<bool> dropped(in.size(), false);
  for (const int axis : axes) dropped[axis_of(axis, in)] = true;
  Shape result;
  for (size_t i = 0; i < in.size(); ++i) {
    const bool drop = axes.empty() ? in[i] == 1 : dropped[i];
    if (!drop) result.push_back(in[i]);
  }
  return add_op(OpKind::kSqueeze, {x}, result, scale(x), options);
}

int ModelBuilder::expand_dims(int x, int axis) {
  Shape result = shape(x);
  const int rank = static_cast<int>(result.size());
  result.insert(result.begin() + (axis < 0 ? axis + rank + 1 : axis), 1);
  return add_op(OpKind::kExpandDims, {x, numbers({1}, {axis})}, result,
                scale(x));
}

int ModelBuilder::transpose(int x, const std::vector<int>& perm) {
  Shape result;
  for (const int axis : perm) {
    result.push_back(shape(x)[static_cast<size_t>(axis)]);
  }
  const int axes = numbers({static_cast<int>(perm.size())}, perm);
  return add_op(OpKind::kTranspose, {x, axes}, result, scale(x));
}

int ModelBuilder::slice(int x, const std::vector<int>& begin,
                        const std::vector<int>& size) {
  Shape result = size;
  for (size_t i = 0; i < result.size(); ++i) {
    if (size[i] == -1) result[i] = shape(x)[i] - begin[i];
  }
  const int rank = static_cast<int>(size.size());
  const int from = numbers({rank}, begin), count = numbers({rank}, size);
  return add_op(OpKind::kSlice, {x, from, count}, result, scale(x));
}

int ModelBuilder::strided_slice(int x, const Slices& s) {
  RawOptions options;
  options.begin_mask = s.begin_mask;
  options.end_mask = s.end_mask;
  options.shrink_axis_mask = s.shrink_axis_mask;
  const Shape in = shape(x);
  Shape result;
  for (size_t i = 0; i < in.size(); ++i) {
    const int bit = 1 << i, stride = s.stride[i];
    if (s.shrink_axis_mask & bit) continue;
    const int before = stride > 0 ? 0 : in[i] - 1;
    const int begin = s.begin_mask & bit ? before : s.begin[i];
    const int past = stride > 0 ? in[i] : -in[i] - 1;
    const int end = s.end_mask & bit ? past : s.end[i];
    result.push_back(sliced(in[i], begin, end, stride));
  }
  const int rank = static_cast<int>(in.size());
  const int begin = numbers({rank}, s.begin), end = numbers({rank}, s.end);
  const int stride = numbers({rank}, s.stride);
  return add_op(OpKind::kStridedSlice, {x, begin, end, stride}, result,
                scale(x), options);
}

std::vector<int> ModelBuilder::split(int x, int axis, int parts) {
  RawOptions options;
  options.num_splits = parts;
  Shape result = shape(x);
  result[axis_of(axis, result)] /= parts;
  const int along = numbers({}, {axis});
  std::vector<int> out = {
      add_op(OpKind::kSplit, {along, x}, result, scale(x), options)};
  for (int i = 1; i < parts; ++i) {
    const Scale s = scale(x);
    out.push_back(add_tensor(result, type(x), {s.scale}, s.zero));
  }
  raw_.ops.back().outputs = out;
  return out;
}

int ModelBuilder::resize(int x, int height, int width, bool align_corners,
                         bool half_pixel_centers) {
  RawOptions options;
  options.align_corners = align_corners;
  options.half_pixel_centers = half_pixel_centers;
  const int size = numbers({2}, {height, width});
  const Shape result = {shape(x)[0], height, width, shape(x)[3]};
  return add_op(OpKind::kResizeNearestNeighbor, {x, size}, result, scale(x),
                options);
}

int ModelBuilder::space_to_depth(int x, int block) {
  RawOptions options;
  options.block = block;
  const Shape& in = shape(x);
  const Shape result = {in[0], in[1] / block, in[2] / block,
                        in[3] * block * block};
  return add_op(OpKind::kSpaceToDepth, {x}, result, scale(x), options);
}

int ModelBuilder::depth_to_space(int x, int block) {
  RawOptions options;
  options.block = block;
  const Shape& in = shape(x);
  const Shape result = {in[0], in[1] * block, in[2] * block,
                        in[3] / (block * block)};
  return add_op(OpKind::kDepthToSpace, {x}, result, scale(x), options);
}

}  // namespace shoal
