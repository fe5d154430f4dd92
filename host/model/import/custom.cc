// Custom operators that are operators of the format under another name.
#include <algorithm>
#include <cstring>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kCustomOpCode = 32;

struct Transposed {
  int kernel, stride;
  bool same;

  // The size of the result, as MediaPipe computes it.
  int64_t size(int in) const {
    const int64_t rest = (int64_t{in} - 1) % stride;
    const int64_t cut = same ? std::max<int64_t>(0, kernel - rest - 1) : 0;
    return (int64_t{in} - 1) * stride + kernel - cut;
  }
};

// MediaPipe's TRANSPOSE_CONV with a bias: picture, weights and bias, which came
// into the format later. Its options are padding, stride_w and stride_h as the
// interpreter's struct has them.
void set_transpose_conv(RawModel& raw, MadeBytes& made, RawOp& op) {
  constexpr int32_t kSame = 1, kValid = 2;
  int32_t o[3] = {};
  const auto picture = [&raw, &op](size_t i) {
    return op.inputs[i] >= 0 &&
           raw.tensors[static_cast<size_t>(op.inputs[i])].shape.size() == 4;
  };
  if (op.inputs.size() != 3 || op.outputs.size() != 1 || !picture(0) ||
      !picture(1) || op.custom_options.size() != sizeof o) {
    return;
  }
  std::memcpy(o, op.custom_options.data(), sizeof o);
  const auto [padding, stride_w, stride_h] = o;
  const Shape x = raw.tensors[static_cast<size_t>(op.inputs[0])].shape;
  const Shape& w = raw.tensors[static_cast<size_t>(op.inputs[1])].shape;
  if ((padding != kSame && padding != kValid) || stride_w < 1 || stride_h < 1) {
    return;
  }
  const bool same = padding == kSame;
  const int64_t h = Transposed{w[1], stride_h, same}.size(x[1]);
  const int64_t v = Transposed{w[2], stride_w, same}.size(x[2]);
  constexpr int64_t kMost = 1 << 30;
  if (x[0] < 1 || w[0] < 1 || h < 1 || v < 1 || h > kMost || v > kMost) {
    return;
  }
  const int32_t sizes[] = {x[0], static_cast<int32_t>(h),
                           static_cast<int32_t>(v), w[0]};
  std::vector<uint8_t>& bytes = made.emplace_back(sizeof sizes);
  std::memcpy(bytes.data(), sizes, sizeof sizes);
  RawTensor shape;
  shape.name = raw.tensors[static_cast<size_t>(op.inputs[1])].name + ":sizes";
  shape.type = kCodeInt32;
  shape.shape = {4};
  shape.buffer = static_cast<uint32_t>(raw.buffers.size());
  raw.buffers.emplace_back(bytes);
  raw.tensors.push_back(std::move(shape));
  op.code = op_info(OpKind::kTransposeConv).code;
  op.options.code = static_cast<int>(OptionsCode::kTransposeConv);
  op.options.padding = same ? kPaddingSame : kPaddingValid;
  op.options.stride_w = stride_w;
  op.options.stride_h = stride_h;
  op.options.activation = 0;
  op.inputs = {static_cast<int>(raw.tensors.size()) - 1, op.inputs[1],
               op.inputs[0], op.inputs[2]};
  op.custom.clear();
  op.custom_options.clear();
}

}  // namespace

void rename_custom(RawModel& raw, MadeBytes& made) {
  for (RawOp& op : raw.ops) {
    if (op.code == kCustomOpCode && op.custom == "Convolution2DTransposeBias") {
      set_transpose_conv(raw, made, op);
    }
  }
}

}  // namespace shoal
