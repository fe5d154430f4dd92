// Pools: TensorFlow Lite's average never counts paddings, and none has
// dilations. A dilated maximum is one of shifted copies, a dilated average a
// convolution.
#include <algorithm>
#include <limits>
#include <utility>

#include "host/model/onnx/call.h"
#include "host/model/onnx/qlinear.h"

namespace shoal::onnx_import {
namespace {

bool is_dilated(const Window& w) {
  return w.h.dilation > 1 || w.w.dilation > 1;
}

Window pool_window(OnnxCall& call, const Value& x) {
  call.expect_inputs(1, 1);
  const bool row = call.in(0).rank() == 3;
  std::vector<int64_t> kernel = call.integers("kernel_shape");
  call.require(kernel.size() == (row ? 1 : 2),
               text("kernel_shape has ", kernel.size(), " numbers, expected ",
                    row ? 1 : 2));
  if (row) kernel.insert(kernel.begin(), 1);
  Window window = window_of(call, x, kernel[0], kernel[1]);
  for (const Side& s : {window.h, window.w}) {
    call.require(s.before < s.window() && s.after < s.window(),
                 text("pads of ", s.before, " and ", s.after,
                      " around a window of ", s.window()));
  }
  // One element has no distance from another.
  if (window.h.kernel == 1) window.h.dilation = window.attr.dilation_h = 1;
  if (window.w.kernel == 1) window.w.dilation = window.attr.dilation_w = 1;
  // ONNX Runtime's pools pad as if there were none.
  const std::string automatic = call.word("auto_pad", "NOTSET");
  if (is_dilated(window) && automatic.starts_with("SAME")) {
    call.unsupported(text("auto_pad ", automatic,
                          " with dilations, which ONNX and ONNX Runtime pad "
                          "differently; use pads"));
  }
  return window;
}

// Adaptive pools become this window where there is nothing to do.
bool is_identity(const Window& w) {
  return w.h.kernel == 1 && w.w.kernel == 1 && w.h.stride == 1 &&
         w.w.stride == 1;
}

void emit_pool(OnnxCall& call, OpKind kind, int x, int channels,
               const Window& window) {
  const Shape dims{1, channels, static_cast<int>(window.h.out),
                   static_cast<int>(window.w.out)};
  set_windowed(call, call.emit(kind, {x}, dims, usual_order(4), window.attr));
}

Value pooled(OnnxCall& call) {
  const Value& given = call.data(0);
  if (given.rank() != 3 && given.rank() != 4) {
    call.unsupported(
        text("an input of ", given.rank(), " axes; pools have 3 or 4"));
  }
  return windowed(call, given);
}

bool never_negative(OnnxCall& call, int tensor) {
  const Op* op = call.graph().maker(tensor);
  if (op == nullptr) return false;
  if (op->kind == OpKind::kRelu || op->kind == OpKind::kRelu6) return true;
  Activation activation = Activation::kNone;
  if (const auto* a = std::get_if<WindowAttr>(&op->attr)) {
    activation = a->activation;
  } else if (const auto* f = std::get_if<FusedAttr>(&op->attr)) {
    activation = f->activation;
  }
  return activation == Activation::kRelu || activation == Activation::kRelu6;
}

// All paddings lie in front of the operator, as far as windows reach.
void pad_all(Window& window) {
  const auto behind = [](const Side& s) {
    const int64_t end = (s.out - 1) * s.stride + s.window() - s.before;
    return static_cast<int>(std::max<int64_t>(end - s.in, 0));
  };
  window.pad_top = static_cast<int>(window.h.before);
  window.pad_left = static_cast<int>(window.w.before);
  window.pad_bottom = behind(window.h);
  window.pad_right = behind(window.w);
}

// Returns `count` places of the axis, from `first` on.
int places_of(OnnxCall& call, int tensor, size_t axis, int first, int count) {
  Shape shape = call.graph().shape(tensor);
  std::vector<int> begin(shape.size());
  begin[axis] = first;
  shape[axis] = count;
  return call.graph().op(OpKind::kSlice, {tensor},
                         call.output_name() + ":shifted", shape,
                         slice_from(std::move(begin)));
}

// Returns the maximum of `kernel` elements that are `dilation` apart, for each
// place where all of them lie in the tensor. Windows may overlap, so that each
// step doubles what a maximum covers.
int dilated_maxima(OnnxCall& call, int tensor, size_t axis, const Side& side) {
  for (int64_t covered = 1; covered < side.kernel;) {
    const int64_t more = std::min(covered, side.kernel - covered);
    const auto shift = static_cast<int>(more * side.dilation);
    Shape shape = call.graph().shape(tensor);
    shape[axis] -= shift;
    const int near = places_of(call, tensor, axis, 0, shape[axis]);
    const int far = places_of(call, tensor, axis, shift, shape[axis]);
    tensor = call.graph().op(OpKind::kMaximum, {near, far},
                             call.output_name() + ":maxima", shape);
    covered += more;
  }
  return tensor;
}

// The pool behind the maxima has the axes that are not dilated, and the
// strides.
void dilated_max_pool(OnnxCall& call, const Value& x, Window window,
                      float padding) {
  pad_all(window);
  int tensor =
      window.padded() ? pad_in_front(call, x, window, padding) : x.tensor;
  Window rest = window;
  if (window.h.dilation > 1) {
    tensor = dilated_maxima(call, tensor, 1, window.h);
    rest.h.kernel = rest.attr.kernel_h = rest.attr.dilation_h = 1;
  }
  if (window.w.dilation > 1) {
    tensor = dilated_maxima(call, tensor, 2, window.w);
    rest.w.kernel = rest.attr.kernel_w = rest.attr.dilation_w = 1;
  }
  if (!is_identity(rest)) {
    return emit_pool(call, OpKind::kMaxPool2d, tensor, x.dims[1], rest);
  }
  Value out;
  out.tensor = tensor;
  out.dims = {1, x.dims[1], static_cast<int>(window.h.out),
              static_cast<int>(window.w.out)};
  out.order = usual_order(4);
  call.graph().rename(tensor, call.output_name());
  set_windowed(call, out);
}

void max_pool(OnnxCall& call) {
  const Value x = pooled(call);
  Window window = pool_window(call, x);
  call.ignore({"storage_order"});  // of the indices
  // Zeros never win over what a RELU leaves, and cost no range.
  const float padding = never_negative(call, x.tensor)
                            ? 0.f
                            : -std::numeric_limits<float>::infinity();
  if (call.is_read(1)) {
    Window all = window;
    pad_all(all);
    note_places(call, x, window,
                all.padded() ? pad_in_front(call, x, all, padding) : x.tensor);
  }
  if (is_identity(window)) return call.set_output(0, Value(call.data(0)));
  if (is_dilated(window)) return dilated_max_pool(call, x, window, padding);
  resolve_window(window);
  const int tensor =
      window.padded() ? pad_in_front(call, x, window, padding) : x.tensor;
  emit_pool(call, OpKind::kMaxPool2d, tensor, x.dims[1], window);
}

// Returns whether all windows lie in the input and the paddings before and
// behind.
bool stays_inside(const Side& s) {
  return (s.out - 1) * s.stride + s.window() <= s.in + s.before + s.after;
}

// How many elements of the input each window along an axis holds.
std::vector<int64_t> counts_along(const Side& s) {
  // Taps of a window from `first` on that lie before the place `end`.
  const auto taps_before = [&](int64_t first, int64_t end) {
    const int64_t taps = (end - first + s.dilation - 1) / s.dilation;
    return first >= end ? 0 : std::min(taps, s.kernel);
  };
  std::vector<int64_t> counts;
  for (int64_t o = 0; o < s.out; ++o) {
    const int64_t first = o * s.stride - s.before;
    counts.push_back(taps_before(first, s.in) - taps_before(first, 0));
  }
  return counts;
}

// Returns the averages of windows, which all lie in the tensor.
Value averages_of(OnnxCall& call, int tensor, const Window& window,
                  const Shape& dims, const char* part) {
  if (!is_dilated(window)) {
    return call.emit(OpKind::kAveragePool2d, {tensor}, dims, usual_order(4),
                     window.attr, part);
  }
  const Shape shape{1, window.attr.kernel_h, window.attr.kernel_w, dims[1]};
  const auto share =
      1.f / static_cast<float>(window.h.kernel * window.w.kernel);
  const int weights = call.constant_tensor(
      ":weights", shape,
      std::vector<float>(static_cast<size_t>(element_count(shape)), share));
  call.graph().note(weights).quant = {{share}, {0}};
  return call.emit(OpKind::kDepthwiseConv2d, {tensor, weights, -1}, dims,
                   usual_order(4), window.attr, part);
}

void emit_average(OnnxCall& call, int x, int channels, const Window& window) {
  const Shape dims{1, channels, static_cast<int>(window.h.out),
                   static_cast<int>(window.w.out)};
  set_windowed(call, averages_of(call, x, window, dims, ""));
}

// Paddings that are not counted and not TensorFlow Lite's SAME: zeros in front,
// which count, and each average times kernel / elements of the input.
void uncounted_pool(OnnxCall& call, const Value& x, Window window) {
  pad_all(window);
  const int padded = pad_in_front(call, x, window, 0);
  const std::vector<int64_t> rows = counts_along(window.h),
                             columns = counts_along(window.w);
  std::vector<float> factors;
  for (const int64_t r : rows) {
    for (const int64_t c : columns) {
      call.require(r > 0 && c > 0, "a window of paddings alone");
      factors.push_back(static_cast<float>(window.h.kernel * window.w.kernel) /
                        static_cast<float>(r * c));
    }
  }
  const Shape dims{1, x.dims[1], static_cast<int>(window.h.out),
                   static_cast<int>(window.w.out)};
  const Value averages = averages_of(call, padded, window, dims, ":counted");
  const int factor =
      call.constant_tensor(":factors", {1, dims[2], dims[3], 1}, factors);
  set_windowed(call, call.emit_like(OpKind::kMul, {averages.tensor, factor},
                                    averages, FusedAttr{}));
}

// Makes paddings of the places that the last window reaches beyond them.
void count_beyond(Side& s) {
  const int64_t end = (s.out - 1) * s.stride + s.window() - s.before;
  s.after = std::max(s.after, end - s.in);
}

void average_pool(OnnxCall& call) {
  const Value x = pooled(call);
  Window window = pool_window(call, x);
  const int64_t counted = call.integer("count_include_pad", 0);
  const bool counts = counted != 0;
  if (counted == kCountsBeyond) {
    count_beyond(window.h);
    count_beyond(window.w);
  }
  const bool pads =
      window.h.before + window.h.after + window.w.before + window.w.after > 0;
  if (pads && counts && !(stays_inside(window.h) && stays_inside(window.w))) {
    call.unsupported("ceil_mode with counted paddings; use ceil_mode 0");
  }
  if (is_identity(window)) return call.set_output(0, Value(call.data(0)));
  if (pads && counts) {
    // Zeros in front count; nothing else is padded then.
    window.pad_top = static_cast<int>(window.h.before);
    window.pad_left = static_cast<int>(window.w.before);
    window.pad_bottom = static_cast<int>(window.h.after);
    window.pad_right = static_cast<int>(window.w.after);
    const int padded = pad_in_front(call, x, window, 0);
    return emit_average(call, padded, x.dims[1], window);
  }
  const Window given = window;
  if (is_dilated(window)) {
    pad_all(window);
    if (window.padded() && call.state().quantized) {
      call.unsupported(
          "dilations and paddings that are not counted, in a quantized model; "
          "use count_include_pad 1");
    }
    if (window.padded()) return uncounted_pool(call, x, given);
    return emit_average(call, x.tensor, x.dims[1], window);
  }
  resolve_window(window);
  if (window.padded() && call.state().quantized) {
    // int8 averages count what lies in the input, whatever is padded.
    const auto unpadded = [](const Side& s) {
      return s.before < s.kernel && (s.out - 1) * s.stride - s.before < s.in;
    };
    call.require(unpadded(given.h) && unpadded(given.w),
                 "a window of paddings alone");
    Window inside = given;
    inside.attr.pad_top = static_cast<int>(given.h.before);
    inside.attr.pad_left = static_cast<int>(given.w.before);
    return emit_pool(call, OpKind::kAveragePool2d, x.tensor, x.dims[1], inside);
  }
  if (window.padded()) return uncounted_pool(call, x, given);
  emit_pool(call, OpKind::kAveragePool2d, x.tensor, x.dims[1], window);
}

void global_pool(OnnxCall& call, OpKind kind) {
  call.expect_inputs(1, 1);
  const Value given = call.data(0);
  call.require(given.rank() >= 3, text("an input of ", given.rank(), " axes"));
  const Value x = call.layouts().settled(given);
  Shape dims = x.dims;
  ReduceAttr attr;
  for (size_t i = 2; i < dims.size(); ++i) dims[i] = 1;
  for (const int axis : x.order) attr.reduced.push_back(axis >= 2);
  call.set_output(0, call.emit(kind, {x.tensor}, dims, x.order, attr));
}

}  // namespace

bool convert_pool(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "MaxPool") {
    max_pool(call);
  } else if (type == "AveragePool") {
    average_pool(call);
  } else if (type == "GlobalAveragePool") {
    global_pool(call, OpKind::kMean);
  } else if (type == "GlobalMaxPool") {
    global_pool(call, OpKind::kReduceMax);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
