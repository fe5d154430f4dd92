#include "host/model/tflite/options.h"

#include <algorithm>
#include <limits>

namespace shoal {
namespace {

using Builder = flatbuffers::FlatBufferBuilder;
using Ref = flatbuffers::Offset<void>;

template <class T>
void read_stride(const T& t, RawOptions& o) {
  o.padding = t.padding();
  o.stride_h = t.stride_h();
  o.stride_w = t.stride_w();
  o.activation = t.activation();
}

template <class T>
void read_dilation(const T& t, RawOptions& o) {
  o.dilation_h = t.dilation_h();
  o.dilation_w = t.dilation_w();
}

void read_strided_slice(const tflite::StridedSlice& t, RawOptions& o) {
  o.begin_mask = t.begin_mask();
  o.end_mask = t.end_mask();
  o.ellipsis_mask = t.ellipsis_mask();
  o.new_axis_mask = t.new_axis_mask();
  o.shrink_axis_mask = t.shrink_axis_mask();
  o.offset = t.offset();
}

RawOptions read_window_options(const tflite::Operator& op) {
  RawOptions o;
  if (const auto* conv = op.options_as_Conv2d()) {
    read_stride(*conv, o);
    read_dilation(*conv, o);
  } else if (const auto* depthwise = op.options_as_DepthwiseConv2d()) {
    read_stride(*depthwise, o);
    read_dilation(*depthwise, o);
    o.depth_multiplier = depthwise->depth_multiplier();
  } else if (const auto* pool = op.options_as_Pool2d()) {
    read_stride(*pool, o);
    o.filter_h = pool->filter_h();
    o.filter_w = pool->filter_w();
  } else if (const auto* up = op.options_as_TransposeConv()) {
    read_stride(*up, o);
  }
  return o;
}

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
    case OptionsCode::kDiv:
      return tflite::CreateDiv(b, activation).Union();
    default:
      return 0;
  }
}

// Tables of operators that came later; nothing: none of these.
bool read_more_options(const tflite::Operator& op, RawOptions& o) {
  if (const auto* div = op.options_as_Div()) {
    o.activation = div->activation();
  } else if (const auto* split = op.options_as_SplitV()) {
    o.num_splits = split->num_splits();
  } else if (const auto* gather = op.options_as_Gather()) {
    o.axis = gather->axis();
    o.batch_dims = gather->batch_dims();
  } else if (const auto* matmul = op.options_as_BatchMatmul()) {
    o.adj_x = matmul->adj_x();
    o.adj_y = matmul->adj_y();
  } else if (const auto* cumsum = op.options_as_Cumsum()) {
    o.exclusive = cumsum->exclusive();
    o.reverse = cumsum->reverse();
  } else if (const auto* lstm = op.options_as_SequenceLstm()) {
    o.activation = lstm->activation();
    o.clip = lstm->cell_clip();
    o.time_major = lstm->time_major();
  } else if (const auto* cast = op.options_as_Cast()) {
    o.in_type = cast->in_type();
    o.out_type = cast->out_type();
  } else if (const auto* most = op.options_as_ArgMax()) {
    o.out_type = most->output_type();
  } else if (const auto* least = op.options_as_ArgMin()) {
    o.out_type = least->output_type();
  } else if (const auto* gelu = op.options_as_Gelu()) {
    o.approximate = gelu->approximate();
  } else if (const auto* resize = op.options_as_ResizeBilinear()) {
    o.align_corners = resize->align_corners();
    o.half_pixel_centers = resize->half_pixel_centers();
  } else {
    return false;
  }
  return true;
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
      flatbuffers::Offset<flatbuffers::Vector<int>> shape;
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
    case OptionsCode::kSplitV:
      return tflite::CreateSplitV(b, o.num_splits).Union();
    case OptionsCode::kGather:
      return tflite::CreateGather(b, o.axis, o.batch_dims).Union();
    case OptionsCode::kBatchMatmul:
      return tflite::CreateBatchMatmul(b, o.adj_x, o.adj_y).Union();
    case OptionsCode::kCumsum:
      return tflite::CreateCumsum(b, o.exclusive, o.reverse).Union();
    case OptionsCode::kSequenceLstm:
      return tflite::CreateSequenceLstm(b, static_cast<int8_t>(o.activation),
                                        o.clip, 0, o.time_major)
          .Union();
    case OptionsCode::kCast:
      return tflite::CreateCast(b, static_cast<int8_t>(o.in_type),
                                static_cast<int8_t>(o.out_type))
          .Union();
    case OptionsCode::kArgMax:
      return tflite::CreateArgMax(b, static_cast<int8_t>(o.out_type)).Union();
    case OptionsCode::kArgMin:
      return tflite::CreateArgMin(b, static_cast<int8_t>(o.out_type)).Union();
    case OptionsCode::kGelu:
      return tflite::CreateGelu(b, o.approximate).Union();
    case OptionsCode::kResizeBilinear:
      return tflite::CreateResizeBilinear(b, o.align_corners,
                                          o.half_pixel_centers)
          .Union();
    case OptionsCode::kPack:
      return tflite::CreatePack(b, o.num_splits, o.axis).Union();
    case OptionsCode::kUnpack:
      return tflite::CreateUnpack(b, o.num_splits, o.axis).Union();
    case OptionsCode::kMirrorPad:
      return tflite::CreateMirrorPad(b, static_cast<int8_t>(o.mode)).Union();
    case OptionsCode::kResizeNearestNeighbor:
      return tflite::CreateResizeNearestNeighbor(b, o.align_corners,
                                                 o.half_pixel_centers)
          .Union();
    case OptionsCode::kCall:
      return tflite::CreateCall(b, static_cast<uint32_t>(o.subgraph)).Union();
    case OptionsCode::kWhile:
      return tflite::CreateWhile(b, o.condition, o.subgraph).Union();
    case OptionsCode::kCallOnce:
      return tflite::CreateCallOnce(b, o.subgraph).Union();
    case OptionsCode::kVarHandle: {
      const size_t end = o.variable.find('\0');
      const auto container = b.CreateString(o.variable.substr(0, end));
      const auto name = b.CreateString(
          end == std::string::npos ? "" : o.variable.substr(end + 1));
      return tflite::CreateVarHandle(b, container, name).Union();
    }
    default:
      return tflite::CreatePlaceholder(b).Union();
  }
}

}  // namespace

RawOptions read_options(const tflite::Operator& op, Budget& budget) {
  RawOptions o = read_window_options(op);
  if (op.options() == nullptr) return o;
  o.code = static_cast<int>(op.options_type());
  if (read_more_options(op, o)) return o;
  if (const auto* full = op.options_as_FullyConnected()) {
    o.activation = full->activation();
    o.weights_format = full->weights_format();
    o.keep_num_dims = full->keep_num_dims();
  } else if (const auto* softmax = op.options_as_Softmax()) {
    o.value = softmax->beta();
  } else if (const auto* concat = op.options_as_Concatenation()) {
    o.axis = concat->axis();
    o.activation = concat->activation();
  } else if (const auto* add = op.options_as_Add()) {
    o.activation = add->activation();
  } else if (const auto* mul = op.options_as_Mul()) {
    o.activation = mul->activation();
  } else if (const auto* sub = op.options_as_Sub()) {
    o.activation = sub->activation();
  } else if (const auto* s2d = op.options_as_SpaceToDepth()) {
    o.block = s2d->block();
  } else if (const auto* d2s = op.options_as_DepthToSpace()) {
    o.block = d2s->block();
  } else if (const auto* reducer = op.options_as_Reducer()) {
    o.keep_dims = reducer->keep_dims();
  } else if (const auto* squeeze = op.options_as_Squeeze()) {
    o.dims = budget.copy(squeeze->dims());
  } else if (const auto* reshape = op.options_as_Reshape()) {
    o.dims = budget.copy(reshape->new_shape());
  } else if (const auto* slice = op.options_as_StridedSlice()) {
    read_strided_slice(*slice, o);
  } else if (const auto* split = op.options_as_Split()) {
    o.num_splits = split->num_splits();
  } else if (const auto* pack = op.options_as_Pack()) {
    o.num_splits = pack->count();
    o.axis = pack->axis();
  } else if (const auto* unpack = op.options_as_Unpack()) {
    o.num_splits = unpack->count();
    o.axis = unpack->axis();
  } else if (const auto* mirror = op.options_as_MirrorPad()) {
    o.mode = mirror->mode();
  } else if (const auto* resize = op.options_as_ResizeNearestNeighbor()) {
    o.align_corners = resize->align_corners();
    o.half_pixel_centers = resize->half_pixel_centers();
  } else if (const auto* norm = op.options_as_L2Norm()) {
    o.activation = norm->activation();
  } else if (const auto* call = op.options_as_Call()) {
    o.subgraph = static_cast<int>(
        std::min<uint32_t>(call->subgraph(), std::numeric_limits<int>::max()));
  } else if (const auto* loop = op.options_as_While()) {
    o.condition = loop->condition();
    o.subgraph = loop->body();
  } else if (const auto* once = op.options_as_CallOnce()) {
    o.subgraph = once->subgraph();
  } else if (const auto* handle = op.options_as_VarHandle()) {
    // No text has a zero byte, so that no two names run together.
    o.variable = budget.text(handle->container()) + '\0' +
                 budget.text(handle->shared_name());
  } else if (const auto* leaky = op.options_as_LeakyRelu()) {
    o.value = leaky->alpha();
  }
  return o;
}

Ref write_options(Builder& b, const RawOptions& o) {
  if (o.code == 0) return 0;
  Ref options = window_options(b, o);
  if (options.IsNull()) options = fused_options(b, o);
  if (options.IsNull()) options = plain_options(b, o);
  return options;
}

}  // namespace shoal
