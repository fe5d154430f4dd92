// Convolutions, fully connected layers and pools.
#include <algorithm>
#include <cmath>

#include "host/model/graph/window_side.h"
#include "host/model/import/import_row.h"
#include "host/model/import/op_reader.h"

namespace shoal {
namespace {

constexpr int64_t kMaxWindow = 65535, kMaxReach = 1 << 24;
// Sums of this many int8 values less a zero point stay within int32.
constexpr int64_t kMaxPooled = int64_t{1} << 23;
constexpr int64_t kMaxPooled16 = int64_t{1} << 15;

void check_side(const OpReader& r, const WindowSide& side) {
  r.require(side.kernel >= 1, text("kernel of ", side.kernel));
  r.require(side.stride >= 1, text("stride of ", side.stride));
  r.require(side.dilation >= 1, text("dilation of ", side.dilation));
  const auto limit = [&](const char* what, int64_t value, int64_t most) {
    if (value <= most) return;
    r.unsupported(text(what, value, ", the limit is ", most,
                       "; cut the input into shorter frames"));
  };
  limit("a window of ", side.kernel, kMaxWindow);
  limit("a stride of ", side.stride, kMaxWindow);
  limit("a dilation of ", side.dilation, kMaxWindow);
  limit("a dilated window of ", side.extent(), kMaxReach);
}

bool same_padding(const OpReader& r) {
  const int padding = r.options().padding;
  r.require(padding == kPaddingSame || padding == kPaddingValid,
            text("padding of number ", padding));
  return padding == kPaddingSame;
}

struct SideWords {
  const char *from, *to, *side;
};

// Checks one side of the output and gives the padding before the input.
int resolve_side(const OpReader& r, const SideWords& words, int in, int out,
                 const WindowSide& side) {
  check_side(r, side);
  const bool same = same_padding(r);
  const int64_t expected = same ? same_out(in, side) : valid_out(in, side);
  r.require(out == expected,
            text(words.to, " ", words.side, " is ", out, ", but ", words.from,
                 " ", in, ", kernel ", side.extent(), ", stride ", side.stride,
                 " and ", same ? "SAME" : "VALID", " padding give ", expected));
  return same ? static_cast<int>(same_total(in, side) / 2) : 0;
}

// Pads of the window in `a`, whose kernel, stride and dilation are set.
void resolve_window(const OpReader& r, const Tensor& x, const Tensor& y,
                    WindowAttr& a, const char* from = "input",
                    const char* to = "output") {
  a.pad_top = resolve_side(r, {from, to, "height"}, x.shape[1], y.shape[1],
                           {a.kernel_h, a.stride_h, a.dilation_h});
  a.pad_left = resolve_side(r, {from, to, "width"}, x.shape[2], y.shape[2],
                            {a.kernel_w, a.stride_w, a.dilation_w});
}

void check_picture(const OpReader& r, const Tensor& x) { r.expect_rank(x, 4); }

void check_pictures(const OpReader& r, const Tensor& x, const Tensor& y) {
  check_picture(r, x);
  check_picture(r, y);
  r.require(x.shape[0] == y.shape[0], text("output has a batch of ", y.shape[0],
                                           ", expected ", x.shape[0]));
}

void check_channels(const OpReader& r, const Tensor& t, int channels) {
  r.require(t.shape[3] == channels,
            text("output has ", t.shape[3], " channels, expected ", channels));
}

void check_weight_axis(const OpReader& r, const Tensor& w, int axis) {
  if (w.quant.scale.size() > 1) {
    r.require(w.quant.axis == axis,
              text("weights have their scales along axis ", w.quant.axis,
                   ", expected ", axis));
  }
}

WindowAttr window_of(const OpReader& r, int kernel_h, int kernel_w) {
  const RawOptions& o = r.options();
  WindowAttr a;
  a.kernel_h = kernel_h;
  a.kernel_w = kernel_w;
  a.stride_h = o.stride_h;
  a.stride_w = o.stride_w;
  a.dilation_h = o.dilation_h;
  a.dilation_w = o.dilation_w;
  a.activation = r.activation();
  return a;
}

// Checks a filter over all channels of `x` that has an output channel for each
// channel of `y`.
void check_filter(const OpReader& r, const Tensor& w, const Tensor& x,
                  const Tensor& y) {
  r.require(w.shape[3] == x.shape[3],
            text("weights take ", w.shape[3], " channels, the input has ",
                 x.shape[3]));
  check_channels(r, y, w.shape[0]);
  check_weight_axis(r, w, 0);
}

// Sums of 64 bits are scaled by less than 2^7.
void check_wide_scales(const OpReader& r, const Tensor& x, const Tensor& w,
                       const Tensor& y) {
  if (!is_int16(x)) return;
  for (const float scale : w.quant.scale) {
    if (double{x.scale()} * scale / y.scale() < 64) continue;
    r.unsupported(text("an output scale of ", y.scale(),
                       ", too small for an input of scale ", x.scale(),
                       " and weights of scale ", scale));
  }
}

void convert_conv(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& w = r.weights(1);
  const Tensor& y = r.quantized_result();
  check_pictures(r, x, y);
  r.expect_rank(w, 4);
  if (w.shape[3] != x.shape[3] && x.shape[3] % w.shape[3] == 0) {
    r.unsupported(text("a grouped convolution (", x.shape[3], " channels, ",
                       w.shape[3], " per group); use one CONV_2D per group"));
  }
  check_filter(r, w, x, y);
  WindowAttr a = window_of(r, w.shape[1], w.shape[2]);
  resolve_window(r, x, y, a);
  check_wide_scales(r, x, w, y);
  op.inputs = {r.input(0), r.input(1), r.bias(2, w.shape[0])};
  op.attr = a;
}

void convert_depthwise(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& w = r.weights(1);
  const Tensor& y = r.quantized_result();
  check_pictures(r, x, y);
  r.expect_rank(w, 4);
  r.require(w.shape[0] == 1, text("weights have shape ", shape_text(w.shape)));
  const int multiplier = r.options().depth_multiplier;
  r.require(int64_t{x.shape[3]} * multiplier == w.shape[3],
            text(x.shape[3], " channels times depth multiplier ", multiplier,
                 " are not the ", w.shape[3], " of the weights"));
  check_channels(r, y, w.shape[3]);
  check_weight_axis(r, w, 3);
  WindowAttr a = window_of(r, w.shape[1], w.shape[2]);
  a.depth_multiplier = multiplier;
  resolve_window(r, x, y, a);
  check_wide_scales(r, x, w, y);
  op.inputs = {r.input(0), r.input(1), r.bias(2, w.shape[3])};
  op.attr = a;
}

// The bias must be in units of sx * sw, as far as the output can tell.
void check_bias_scale(const OpReader& r, const Tensor& x, const Tensor& w,
                      const Tensor& y) {
  if (!r.has(2) || w.quant.scale.size() > 1) return;
  const Tensor& b = r.tensor(2);
  if (b.quant.scale.empty()) return;
  // With int16 activations nothing reads it.
  if (is_int16(x)) return;
  const double product = double{x.scale()} * double{w.scale()};
  r.require(std::abs(product - b.scale()) <= 0.02 * y.scale(),
            text("bias scale ", b.scale(),
                 " is not input scale times weight "
                 "scale, ",
                 product));
}

void convert_fully_connected(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& w = r.weights(1);
  const Tensor& y = r.quantized_result();
  if (r.options().weights_format != 0) r.unsupported("shuffled weights");
  r.expect_rank(w, 2);
  const int out = w.shape[0], in = w.shape[1];
  const int64_t elements = element_count(x.shape);
  r.require(elements % in == 0,
            text("input of ", elements, " elements is not rows of ", in));
  const int64_t rows = elements / in;
  r.require(!y.shape.empty() && y.shape.back() == out &&
                element_count(y.shape) == rows * out,
            text("output has shape ", shape_text(y.shape), ", expected ", rows,
                 "x", out));
  if (r.options().keep_num_dims) {
    Shape kept = x.shape;
    r.require(!kept.empty() && kept.back() == in,
              text("input has shape ", shape_text(x.shape), ", rows of ", in,
                   " are expected"));
    kept.back() = out;
    r.expect_shape(y, kept);
  }
  check_weight_axis(r, w, 0);
  check_wide_scales(r, x, w, y);
  op.inputs = {r.input(0), r.input(1), r.bias(2, out)};
  check_bias_scale(r, x, w, y);
  op.attr = FusedAttr{r.activation()};
}

// Transposed convolutions have the sizes of a convolution from the output
// back to the input.
void convert_transpose_conv(const OpReader& r, Op& op) {
  const std::vector<int> shape = r.numbers(0, "output sizes");
  const Tensor& w = r.weights(1);
  const Tensor& x = r.quantized(2);
  const Tensor& y = r.quantized_result();
  check_pictures(r, x, y);
  r.expect_batch_of_one(x);
  r.expect_rank(w, 4);
  r.expect_shape(y, shape);
  check_filter(r, w, x, y);
  WindowAttr a = window_of(r, w.shape[1], w.shape[2]);
  resolve_window(r, y, x, a, "output", "input");
  check_wide_scales(r, x, w, y);
  op.inputs = {r.input(2), r.input(1), r.bias(3, w.shape[0])};
  op.attr = a;
}

void convert_pool(const OpReader& r, Op& op) {
  const Tensor& x = r.quantized(0);
  const Tensor& y = r.quantized_result();
  check_pictures(r, x, y);
  check_channels(r, y, x.shape[3]);
  r.require(x.zero() == y.zero() && std::abs(x.scale() - y.scale()) <= 1e-6f,
            "input and output need the same scale and zero point");
  WindowAttr a = window_of(r, r.options().filter_h, r.options().filter_w);
  resolve_window(r, x, y, a);
  const int64_t pooled = int64_t{std::min(a.kernel_h, x.shape[1])} *
                         std::min(a.kernel_w, x.shape[2]);
  const int64_t most = is_int16(x) ? kMaxPooled16 : kMaxPooled;
  if (pooled > most) {
    r.unsupported(text("a pool over ", pooled, " positions, the limit is ",
                       most, "; use two pools, one behind the other"));
  }
  op.inputs = {r.input(0)};
  op.attr = a;
}

}  // namespace

const ImportRow& window_row(OpKind kind) {
  static constexpr ImportRows kRows(
      {{OpKind::kConv2d, {convert_conv, inferred::convolution, frames::apart}},
       {OpKind::kDepthwiseConv2d,
        {convert_depthwise, inferred::depthwise, frames::apart}},
       {OpKind::kFullyConnected,
        {convert_fully_connected, inferred::fully_connected, frames::apart}},
       {OpKind::kTransposeConv,
        {convert_transpose_conv, inferred::transpose_conv}},
       {OpKind::kAveragePool2d, {convert_pool, inferred::pool, frames::apart}},
       {OpKind::kMaxPool2d, {convert_pool, inferred::pool, frames::apart}}});
  return kRows[kind];
}

}  // namespace shoal
