#include <algorithm>
#include <map>
#include <tuple>

#include "host/model/tflite/raw_model.h"
#include "tflite_generated.h"

namespace shoal {
namespace {

namespace fb = flatbuffers;
using Builder = fb::FlatBufferBuilder;
using Ref = fb::Offset<void>;

Ref window_options(Builder& b, const RawOptions& o) {
  const auto padding = static_cast<int8_t>(o.padding);
  const auto activation = static_cast<int8_t>(o.activation);
  switch (static_cast<OptionsCode>(o.code)) {
    case OptionsCode::kConv2d:
      return tflite::CreateConv2d(b, padding, o.stride_w, o.stride_h,
                                  activation, o.dilation_w, o.dilation_h)
          .Union();
    case OptionsCode::kDepthwiseConv2d:
      return tflite::CreateDepthwiseConv2d(b, padding, o.stride_w, o.stride_h,
                                           o.depth_multiplier, activation,
                                           o.dilation_w, o.dilation_h)
          .Union();
    case OptionsCode::kPool2d:
      return tflite::CreatePool2d(b, padding, o.stride_w, o.stride_h,
                                  o.filter_w, o.filter_h, activation)
          .Union();
    case OptionsCode::kTransposeConv:
      return tflite::CreateTransposeConv(b, padding, o.stride_w, o.stride_h,
                                         activation)
          .Union();
    default:
      return 0;
  }
}

Ref fused_options(Builder& b, const RawOptions& o) {
  const auto activation = static_cast<int8_t>(o.activation);
  switch (static_cast<OptionsCode>(o.code)) {
    case OptionsCode::kFullyConnected:
      return tflite::CreateFullyConnected(b, activation,
                                          static_cast<int8_t>(o.weights_format),
                                          o.keep_num_dims)
          .Union();
    case OptionsCode::kConcatenation:
      return tflite::CreateConcatenation(b, o.axis, activation).Union();
    case OptionsCode::kAdd:
      return tflite::CreateAdd(b, activation).Union();
    case OptionsCode::kMul:
      return tflite::CreateMul(b, activation).Union();
    case OptionsCode::kSub:
      return tflite::CreateSub(b, activation).Union();
    default:
      return 0;
  }
}

// Tables without fields, known to this schema or not, are all alike.
Ref plain_options(Builder& b, const RawOptions& o) {
  switch (static_cast<OptionsCode>(o.code)) {
    case OptionsCode::kSoftmax:
      return tflite::CreateSoftmax(b, o.value).Union();
    case OptionsCode::kLeakyRelu:
      return tflite::CreateLeakyRelu(b, o.value).Union();
    case OptionsCode::kSpaceToDepth:
      return tflite::CreateSpaceToDepth(b, o.block).Union();
    case OptionsCode::kDepthToSpace:
      return tflite::CreateDepthToSpace(b, o.block).Union();
    case OptionsCode::kReducer:
      return tflite::CreateReducer(b, o.keep_dims).Union();
    case OptionsCode::kSqueeze:
      return tflite::CreateSqueeze(b, b.CreateVector(o.dims)).Union();
    case OptionsCode::kReshape: {
      fb::Offset<fb::Vector<int>> shape;
      if (!o.dims.empty()) shape = b.CreateVector(o.dims);
      return tflite::CreateReshape(b, shape).Union();
    }
    case OptionsCode::kStridedSlice:
      return tflite::CreateStridedSlice(b, o.begin_mask, o.end_mask,
                                        o.ellipsis_mask, o.new_axis_mask,
                                        o.shrink_axis_mask, o.offset)
          .Union();
    case OptionsCode::kSplit:
      return tflite::CreateSplit(b, o.num_splits).Union();
    case OptionsCode::kResizeNearestNeighbor:
      return tflite::CreateResizeNearestNeighbor(b, o.align_corners,
                                                 o.half_pixel_centers)
          .Union();
    default:
      return tflite::CreatePlaceholder(b).Union();
  }
}

Ref write_options(Builder& b, const RawOptions& o) {
  if (o.code == 0) return 0;
  Ref options = window_options(b, o);
  if (options.IsNull()) options = fused_options(b, o);
  if (options.IsNull()) options = plain_options(b, o);
  return options;
}

fb::Offset<tflite::Tensor> write_tensor(Builder& b, const RawTensor& t) {
  fb::Offset<tflite::Quantization> quantization;
  if (!t.scale.empty() || !t.zero.empty()) {
    const auto scale = b.CreateVector(t.scale);
    const auto zero = b.CreateVector(t.zero);
    quantization = tflite::CreateQuantization(b, scale, zero, t.axis);
  }
  fb::Offset<tflite::Placeholder> sparsity;
  if (t.sparse) sparsity = tflite::CreatePlaceholder(b);
  fb::Offset<fb::Vector<int>> signature;
  if (!t.signature.empty()) signature = b.CreateVector(t.signature);
  const auto shape = b.CreateVector(t.shape);
  const auto name = b.CreateString(t.name);
  return tflite::CreateTensor(b, shape, static_cast<int8_t>(t.type), t.buffer,
                              name, quantization, t.variable, sparsity,
                              signature);
}

fb::Offset<tflite::Buffer> write_buffer(Builder& b,
                                        std::span<const uint8_t> bytes) {
  if (bytes.empty()) return tflite::CreateBuffer(b);
  b.ForceVectorAlignment(bytes.size(), 1, 16);
  return tflite::CreateBuffer(b, b.CreateVector(bytes.data(), bytes.size()));
}

// Operators of one code and version share an entry.
class Codes {
 public:
  uint32_t index(const RawOp& op) {
    const auto next = static_cast<uint32_t>(numbers_.size());
    return numbers_.try_emplace({op.code, op.custom, op.version}, next)
        .first->second;
  }
  auto write(Builder& b) const {
    std::vector<fb::Offset<tflite::OperatorCode>> out(numbers_.size());
    for (const auto& [key, index] : numbers_) {
      const auto& [code, custom, version] = key;
      fb::Offset<fb::String> name;
      if (!custom.empty()) name = b.CreateString(custom);
      out[index] = tflite::CreateOperatorCode(
          b, static_cast<int8_t>(std::min(code, 127)), name, version, code);
    }
    return b.CreateVector(out);
  }

 private:
  std::map<std::tuple<int, std::string, int>, uint32_t> numbers_;
};

}  // namespace

std::vector<uint8_t> encode(const RawModel& model) {
  Builder b;
  Codes codes;
  std::vector<fb::Offset<tflite::Tensor>> tensors;
  for (const RawTensor& t : model.tensors) {
    tensors.push_back(write_tensor(b, t));
  }
  std::vector<fb::Offset<tflite::Operator>> ops;
  for (const RawOp& op : model.ops) {
    const auto inputs = b.CreateVector(op.inputs);
    const auto outputs = b.CreateVector(op.outputs);
    const Ref options = write_options(b, op.options);
    ops.push_back(tflite::CreateOperator(
        b, codes.index(op), inputs, outputs,
        static_cast<tflite::Options>(op.options.code), options));
  }
  std::vector<fb::Offset<tflite::Buffer>> buffers;
  for (const auto& bytes : model.buffers) {
    buffers.push_back(write_buffer(b, bytes));
  }
  const auto all_tensors = b.CreateVector(tensors);
  const auto inputs = b.CreateVector(model.inputs);
  const auto outputs = b.CreateVector(model.outputs);
  const auto all_ops = b.CreateVector(ops);
  fb::Offset<fb::String> description, name;
  if (!model.description.empty()) {
    description = b.CreateString(model.description);
  }
  if (!model.graph_name.empty()) name = b.CreateString(model.graph_name);
  const auto graph =
      tflite::CreateSubGraph(b, all_tensors, inputs, outputs, all_ops, name);
  const auto graphs = b.CreateVector(&graph, 1);
  const auto all_codes = codes.write(b);
  const auto all_buffers = b.CreateVector(buffers);
  b.Finish(
      tflite::CreateModel(b, 3, all_codes, graphs, description, all_buffers),
      tflite::ModelIdentifier());
  return {b.GetBufferPointer(), b.GetBufferPointer() + b.GetSize()};
}

}  // namespace shoal
