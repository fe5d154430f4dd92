// Convolutions: NCHW to NHWC, weights to OHWI or 1HWC.
#include <algorithm>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

const Axes kNhwc{0, 2, 3, 1};

// The weights' or bias's int8 form follows where they go; `axis` is that of
// the channels there.
void note_weights(OnnxCall& call, int tensor, const OnnxTensor& t, int axis) {
  QuantNote& note = call.graph().note(tensor);
  note.quant = t.quant;
  note.quant.axis = t.quant.scale.size() > 1 ? axis : 0;
  if (t.quant.scale.empty() || t.ints.empty()) return;
  note.ints.assign(t.ints.begin(), t.ints.end());
}

struct Conv {
  const OnnxTensor& weights;  // [M, C / group, kh, kw]
  Shape dims;
  int64_t group;
  int in, out;
};

Conv conv_of(OnnxCall& call, const Value& x, bool transposed) {
  call.expect_inputs(2, 3);
  if (x.rank() != 3 && x.rank() != 4) {
    call.unsupported(
        text("an input of ", x.rank(), " axes; convolutions have 3 or 4"));
  }
  call.floats(1, "weights");
  const OnnxTensor& w = call.constant(1, "weights");
  Shape dims = call.shape_of(w.dims);
  const size_t rank = dims.size();
  if (x.rank() == 3 && rank == 3) dims.insert(dims.begin() + 2, 1);
  call.require(dims.size() == 4 && rank == x.rank(),
               text("weights of shape ", shape_text(w.dims)));
  const int64_t group = call.integer("group", 1);
  const int in = x.dims[1];
  const int64_t channels = transposed ? dims[0] : dims[1] * group;
  call.require(
      group >= 1 && group <= in && channels == in && dims[0] % group == 0,
      text("weights of shape ", shape_text(w.dims), " in ", group,
           " groups on ", in, " channels"));
  if (call.has_attribute("kernel_shape")) {
    const std::vector<int64_t> sides(w.dims.begin() + 2, w.dims.end());
    call.require(
        call.integers("kernel_shape") == sides,
        text("kernel_shape is not that of the weights ", shape_text(w.dims)));
  }
  const int out = transposed ? dims[1] * static_cast<int>(group) : dims[0];
  return {w, dims, group, in, out};
}

int bias_of(OnnxCall& call, int first, int count, int total) {
  if (!call.has(2)) return -1;
  const std::vector<float>& all = call.floats(2, "a bias");
  call.require(all.size() == static_cast<size_t>(total),
               text("bias has ", all.size(), " elements, expected ", total));
  const auto from = all.begin() + first;
  const int made = call.constant_tensor(":bias", {count}, {from, from + count});
  if (count == total) {
    note_weights(call, made, call.constant(2, "a bias"), 0);
    call.graph().rename(made, call.constant(2, "a bias").name);
  }
  return made;
}

Shape output_dims(const Conv& conv, const Window& window) {
  return {1, conv.out, static_cast<int>(window.h.out),
          static_cast<int>(window.w.out)};
}

void depthwise(OnnxCall& call, const Conv& conv, int x, Window& window) {
  // [M, 1, kh, kw] to [1, kh, kw, M].
  const Shape shape{1, conv.dims[2], conv.dims[3], conv.out};
  const int w = call.graph().constant(
      conv.weights.name, shape,
      Layouts::laid_out(conv.weights.floats, conv.dims, {1, 2, 3, 0}));
  note_weights(call, w, conv.weights, 3);
  window.attr.depth_multiplier = conv.out / conv.in;
  const int bias = bias_of(call, 0, conv.out, conv.out);
  set_windowed(call, call.emit(OpKind::kDepthwiseConv2d, {x, w, bias},
                               output_dims(conv, window), kNhwc, window.attr));
}

void whole(OnnxCall& call, const Conv& conv, int x, const Window& window) {
  const Axes ohwi{0, 2, 3, 1};
  const int w = call.graph().constant(
      conv.weights.name, permuted(conv.dims, ohwi),
      Layouts::laid_out(conv.weights.floats, conv.dims, ohwi));
  note_weights(call, w, conv.weights, 0);
  const int bias = bias_of(call, 0, conv.out, conv.out);
  set_windowed(call, call.emit(OpKind::kConv2d, {x, w, bias},
                               output_dims(conv, window), kNhwc, window.attr));
}

// The scales of some channels' weights, if the file quantizes them.
void note_part(OnnxCall& call, int tensor, const OnnxTensor& weights, int first,
               int count) {
  Quantization quant = weights.quant;
  if (quant.scale.empty()) return;
  if (quant.scale.size() > 1) {
    const auto part = [&](auto& all) {
      all = {all.begin() + first, all.begin() + first + count};
    };
    part(quant.scale);
    part(quant.zero);
  }
  quant.axis = 0;
  call.graph().note(tensor).quant = std::move(quant);
}

// Splits the channels into `groups` tensors.
std::vector<int> parts_of(OnnxCall& call, int x, int groups) {
  if (groups == 1) return {x};
  Shape shape = call.graph().shape(x);
  shape[3] /= groups;
  std::vector<int> parts;
  for (int g = 0; g < groups; ++g) {
    parts.push_back(call.graph().tensor(call.output_name() + ":part", shape));
  }
  call.graph().op_of(OpKind::kSplit, {x}, parts, AxisAttr{3});
  return parts;
}

// Joins the channels of all parts to the node's result, or to `part` of it.
Value in_one(OnnxCall& call, const std::vector<int>& parts, const Shape& dims,
             const std::string& part) {
  Value out;
  out.tensor = parts.size() > 1 ? joined(call, parts, 3) : parts[0];
  out.dims = dims;
  out.order = kNhwc;
  if (parts.size() > 1) {
    call.graph().rename(out.tensor, call.output_name() + part);
  }
  return out;
}

// Groups are split, convolved and joined.
void grouped(OnnxCall& call, const Conv& conv, int x, const Window& window) {
  const auto groups = static_cast<int>(conv.group);
  Conv part = conv;
  part.out = conv.out / groups;
  part.dims[0] = part.out;
  const std::vector<int> inputs = parts_of(call, x, groups);
  std::vector<int> outputs;
  const Axes ohwi{0, 2, 3, 1};
  const auto size = static_cast<int64_t>(element_count(part.dims));
  for (int g = 0; g < groups; ++g) {
    const auto from = conv.weights.floats.begin() + g * size;
    const int w = call.graph().constant(
        conv.weights.name, permuted(part.dims, ohwi),
        Layouts::laid_out({from, from + size}, part.dims, ohwi));
    note_part(call, w, conv.weights, g * part.out, part.out);
    const int bias = bias_of(call, g * part.out, part.out, conv.out);
    outputs.push_back(
        call.emit(OpKind::kConv2d, {inputs[static_cast<size_t>(g)], w, bias},
                  output_dims(part, window), kNhwc, window.attr, ":group")
            .tensor);
  }
  set_windowed(call, in_one(call, outputs, output_dims(conv, window), ""));
}

void convolution(OnnxCall& call) {
  const Value given = call.data(0);
  const Conv conv = conv_of(call, given, false);
  const Value x = windowed(call, given);
  Window window = window_of(call, x, conv.dims[2], conv.dims[3]);
  resolve_window(window);
  const int tensor =
      window.padded() ? pad_in_front(call, x, window, 0) : x.tensor;
  if (conv.group == 1) return whole(call, conv, tensor, window);
  if (conv.group == conv.in) return depthwise(call, conv, tensor, window);
  grouped(call, conv, tensor, window);
}

// One axis of a transposed convolution: the convolution from the output back
// to the input has these sizes. `crop` is cut off in front of a larger
// output, 0 where SAME or VALID says it all.
struct BackSide {
  int64_t in, out, full;  // full: with what is cut off
  int64_t kernel, stride, before;
  bool same() const {
    const int64_t total =
        std::max<int64_t>(0, (in - 1) * stride + kernel - out);
    return (out + stride - 1) / stride == in && before == total / 2;
  }
  bool valid() const {
    return before == 0 && out >= kernel && (out - kernel) / stride + 1 == in;
  }
};

// `asked`: the output's size, from which the paddings follow; 0 if they are
// given. `lower`: the odd one of them is in front.
BackSide back_side(OnnxCall& call, const Side& side, int64_t out_padding,
                   int64_t asked, bool lower) {
  call.require(out_padding >= 0, text("output_padding of ", out_padding));
  call.require_at_most(65535, "output_padding", out_padding);
  BackSide out{side.in, 0, 0, side.kernel, side.stride, side.before};
  const int64_t span = (side.in - 1) * side.stride + side.kernel;
  out.out = span + out_padding - side.before - side.after;
  if (asked > 0) {
    const int64_t total = span + out_padding - asked;
    if (total < 0) {
      call.unsupported(text("an output of ", asked, " where ",
                            span + out_padding, " are computed; use pads"));
    }
    out.before = lower ? total - total / 2 : total / 2;
    out.out = asked;
  }
  call.require(out.out >= 1, text("output of size ", out.out));
  if (out_padding >= side.stride) {
    call.unsupported(text("output_padding of ", out_padding,
                          " with a stride of ", side.stride));
  }
  out.full = std::max(span, side.before + out.out);
  return out;
}

// Weights [C, M, kh, kw] with zeros between those that a transposed
// convolution's dilations move apart; the window has no dilations then.
std::vector<float> spread(OnnxCall& call, const Conv& conv, Shape& dims,
                          Window& window) {
  dims = conv.dims;
  if (window.h.dilation == 1 && window.w.dilation == 1) {
    return conv.weights.floats;
  }
  const int64_t height = window.h.window(), width = window.w.window();
  constexpr int64_t kMost = 1 << 24;
  const int64_t maps = int64_t{dims[0]} * dims[1];
  if (height * width > kMost / maps) {
    call.unsupported(text("dilations that spread the weights to ",
                          maps * height * width, " elements, the limit is ",
                          kMost, "; use smaller ones"));
  }
  std::vector<float> all(static_cast<size_t>(maps * height * width), 0.F);
  size_t next = 0;
  for (int64_t map = 0; map < maps; ++map) {
    for (int y = 0; y < dims[2]; ++y) {
      for (int x = 0; x < dims[3]; ++x) {
        const int64_t row = map * height + y * window.h.dilation;
        all[static_cast<size_t>(row * width + x * window.w.dilation)] =
            conv.weights.floats[next++];
      }
    }
  }
  dims[2] = static_cast<int>(height), dims[3] = static_cast<int>(width);
  window.h.kernel = window.attr.kernel_h = dims[2];
  window.w.kernel = window.attr.kernel_w = dims[3];
  window.h.dilation = window.attr.dilation_h = 1;
  window.w.dilation = window.attr.dilation_w = 1;
  return all;
}

void cut_output(OnnxCall& call, const BackSide& h, const BackSide& w,
                Value full, int channels) {
  const SliceAttr attr = slice_from(
      {0, static_cast<int>(h.before), static_cast<int>(w.before), 0});
  const Shape dims{1, channels, static_cast<int>(h.out),
                   static_cast<int>(w.out)};
  set_windowed(call,
               call.emit(OpKind::kSlice, {full.tensor}, dims, kNhwc, attr));
}

void transposed_convolution(OnnxCall& call) {
  const Value given = call.data(0);
  const Conv conv = conv_of(call, given, true);
  const Value x = windowed(call, given);
  const std::string automatic = call.word("auto_pad", "NOTSET");
  const bool lower = automatic == "SAME_LOWER";
  const bool same_size = lower || automatic == "SAME_UPPER";
  // window_of() speaks of a forward convolution; only its reading counts.
  Value wide = x;
  wide.dims[2] = wide.dims[3] = 1 << 24;
  Window window = window_of(call, wide, conv.dims[2], conv.dims[3]);
  window.h.in = x.dims[2];
  window.w.in = x.dims[3];
  Shape kernel;
  const std::vector<float> floats = spread(call, conv, kernel, window);
  std::vector<int64_t> extra = call.integers("output_padding");
  if (given.rank() == 3) extra.insert(extra.begin(), 0);
  extra.resize(2, 0);
  if (same_size) window.h.before = window.w.before = 0;
  if (same_size) window.h.after = window.w.after = 0;
  // Some files have all sizes, others those of the places alone.
  std::vector<int64_t> asked = call.integers("output_shape");
  if (asked.size() == given.rank())
    asked.erase(asked.begin(), asked.begin() + 2);
  if (given.rank() == 3 && asked.size() == 1) asked.insert(asked.begin(), 1);
  if (asked.empty() && same_size) {
    asked = {window.h.in * window.h.stride, window.w.in * window.w.stride};
  }
  call.require(asked.empty() || asked.size() == 2,
               text("output_shape has ", asked.size(), " numbers"));
  asked.resize(2, 0);
  for (const int64_t size : asked) {
    call.require(size >= 0, text("an output of ", size));
    call.require_at_most(1 << 24, "an output", size);
  }
  const BackSide h = back_side(call, window.h, extra[0], asked[0], lower);
  const BackSide w = back_side(call, window.w, extra[1], asked[1], lower);
  const bool same = h.same() && w.same();
  const bool plain = same || (h.valid() && w.valid());
  if (same) {
    const auto before = [](const BackSide& s) {
      return static_cast<int>(s.before);
    };
    window.attr.pad_top = before(h);
    window.attr.pad_left = before(w);
  }
  Shape dims{1, conv.out, static_cast<int>(plain ? h.out : h.full),
             static_cast<int>(plain ? w.out : w.full)};
  const std::string part = plain ? "" : ":uncut";
  // [C, M, kh, kw] to [M, kh, kw, C].
  const Axes ohwi{1, 2, 3, 0};
  const auto groups = static_cast<int>(conv.group);
  dims[1] /= groups, kernel[0] /= groups;
  const auto size = static_cast<std::ptrdiff_t>(element_count(kernel));
  const std::vector<int> inputs = parts_of(call, x.tensor, groups);
  std::vector<int> outputs;
  for (int g = 0; g < groups; ++g) {
    const auto from = floats.begin() + g * size;
    const int weights = call.graph().constant(
        conv.weights.name, permuted(kernel, ohwi),
        Layouts::laid_out({from, from + size}, kernel, ohwi));
    note_weights(call, weights, conv.weights, 0);
    const int bias = bias_of(call, g * dims[1], dims[1], conv.out);
    const Value made =
        call.emit(OpKind::kTransposeConv,
                  {inputs[static_cast<size_t>(g)], weights, bias}, dims, kNhwc,
                  window.attr, (groups > 1 ? part + ":group" : part).c_str());
    outputs.push_back(made.tensor);
  }
  dims[1] = conv.out;
  const Value out = in_one(call, outputs, dims, part);
  if (plain) return set_windowed(call, out);
  cut_output(call, h, w, out, conv.out);
}

}  // namespace

bool convert_window(OnnxCall& call) {
  if (call.type() == "Conv") {
    convolution(call);
  } else if (call.type() == "ConvTranspose") {
    transposed_convolution(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
