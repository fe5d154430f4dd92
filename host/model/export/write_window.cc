// Convolutions, fully connected layers and pools.
#include "host/base/error.h"
#include "host/model/export/op_writer.h"
#include "host/model/graph/window_side.h"

namespace shoal {
namespace {

int padding_code(const WindowAttr& a, const Shape& in, const Shape& out) {
  const WindowSide rows{a.kernel_h, a.stride_h, a.dilation_h, a.pad_top};
  const WindowSide columns{a.kernel_w, a.stride_w, a.dilation_w, a.pad_left};
  const auto both = [&](bool (*is)(int64_t, int64_t, const WindowSide&)) {
    return is(in[1], out[1], rows) && is(in[2], out[2], columns);
  };
  if (both(is_valid)) return kPaddingValid;
  if (both(is_same)) return kPaddingSame;
  throw Error(Exit::kUnsupported,
              "padding of " + std::to_string(a.pad_top) + " rows and " +
                  std::to_string(a.pad_left) +
                  " columns is neither SAME nor VALID",
              "put a PAD in front of it");
}

void write_options(const WindowAttr& a, const Shape& in, const Shape& out,
                   RawOptions& o) {
  o.padding = padding_code(a, in, out);
  o.stride_h = a.stride_h;
  o.stride_w = a.stride_w;
  o.dilation_h = a.dilation_h;
  o.dilation_w = a.dilation_w;
  o.filter_h = a.kernel_h;
  o.filter_w = a.kernel_w;
  o.depth_multiplier = a.depth_multiplier;
  o.activation = static_cast<int>(a.activation);
}

// Readers of convolutions take an absent bias as a shorter list, those of
// FULLY_CONNECTED as -1.
void write_transpose_conv(const Op& op, Operands& operands, RawOp& raw) {
  const Shape y = output_shape(operands, op);
  write_options(std::get<WindowAttr>(op.attr), y, input_shape(operands, op),
                raw.options);
  const auto fits = [&y](const Shape& shape, std::span<const int> values) {
    return shape.size() == 1 &&
           std::equal(values.begin(), values.end(), y.begin(), y.end());
  };
  const int sizes =
      operands.find_or_add(operand_name(operands, op, "sizes"), {4}, y, fits);
  raw.inputs = {sizes, op.inputs[1], op.inputs[0]};
  if (op.inputs[2] >= 0) raw.inputs.push_back(op.inputs[2]);
}

bool keeps_dims(const Shape& x, const Shape& y) {
  return x.size() == y.size() && y.size() != 2 &&
         std::equal(x.begin(), x.end() - 1, y.begin());
}

void write_fully_connected(const Op& op, Operands& operands, RawOp& raw) {
  const Shape y = output_shape(operands, op);
  const Shape x = input_shape(operands, op);
  const int in = input_shape(operands, op, 1)[1];
  raw.options.activation =
      static_cast<int>(std::get<FusedAttr>(op.attr).activation);
  raw.options.keep_num_dims = !x.empty() && x.back() == in && keeps_dims(x, y);
}

void write_window(const Op& op, Operands& operands, RawOp& raw) {
  write_options(std::get<WindowAttr>(op.attr), input_shape(operands, op),
                output_shape(operands, op), raw.options);
  if (raw.inputs.size() == 3 && raw.inputs[2] < 0) raw.inputs.pop_back();
}

}  // namespace

Write window_writer(OpKind kind) {
  static constexpr ByKind<Write> kWriters(
      {{OpKind::kConv2d, write_window},
       {OpKind::kDepthwiseConv2d, write_window},
       {OpKind::kAveragePool2d, write_window},
       {OpKind::kMaxPool2d, write_window},
       {OpKind::kTransposeConv, write_transpose_conv},
       {OpKind::kFullyConnected, write_fully_connected}});
  return kWriters[kind];
}

}  // namespace shoal
