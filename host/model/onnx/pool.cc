// Pools: TensorFlow Lite's average never counts paddings.
#include <algorithm>
#include <limits>

#include "host/model/onnx/call.h"
#include "host/model/onnx/qlinear.h"

namespace shoal::onnx_import {
namespace {

Window pool_window(OnnxCall& call, const Value& x) {
  call.expect_inputs(1, 1);
  const bool row = call.in(0).rank() == 3;
  if (call.is_read(1)) {
    call.unsupported(
        "indices of the maxima; replace its MaxUnpool by Resize or "
        "ConvTranspose");
  }
  std::vector<int64_t> kernel = call.integers("kernel_shape");
  call.require(kernel.size() == (row ? 1 : 2),
               text("kernel_shape has ", kernel.size(), " numbers, expected ",
                    row ? 1 : 2));
  if (row) kernel.insert(kernel.begin(), 1);
  const Window window = window_of(call, x, kernel[0], kernel[1]);
  if (window.h.dilation != 1 || window.w.dilation != 1) {
    call.unsupported("dilations; TensorFlow Lite's pools have none");
  }
  for (const Side& s : {window.h, window.w}) {
    call.require(s.before < s.kernel && s.after < s.kernel,
                 text("pads of ", s.before, " and ", s.after,
                      " around a kernel of ", s.kernel));
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

void max_pool(OnnxCall& call) {
  const Value x = pooled(call);
  Window window = pool_window(call, x);
  call.ignore({"storage_order"});  // of the indices
  if (is_identity(window)) return call.set_output(0, Value(call.data(0)));
  resolve_window(window);
  int tensor = x.tensor;
  if (window.padded()) {
    // Zeros never win over what a RELU leaves, and cost no range.
    tensor = pad_in_front(call, x, window,
                          never_negative(call, x.tensor)
                              ? 0.f
                              : -std::numeric_limits<float>::infinity());
  }
  emit_pool(call, OpKind::kMaxPool2d, tensor, x.dims[1], window);
}

// Returns whether all windows lie in the input and the paddings before and
// behind.
bool stays_inside(const Side& s) {
  return (s.out - 1) * s.stride + s.window() <= s.in + s.before + s.after;
}

// How many elements of the input each window along an axis holds.
std::vector<int64_t> counts_along(const Side& s) {
  std::vector<int64_t> counts;
  for (int64_t o = 0; o < s.out; ++o) {
    const int64_t first = o * s.stride - s.before;
    counts.push_back(std::min(first + s.kernel, s.in) -
                     std::max<int64_t>(first, 0));
  }
  return counts;
}

// Paddings that are not counted and not TensorFlow Lite's SAME: zeros in front,
// which count, and each average times kernel / elements of the input.
void uncounted_pool(OnnxCall& call, const Value& x, Window window) {
  const auto behind = [](const Side& s) {
    const int64_t end = (s.out - 1) * s.stride + s.kernel - s.before;
    return static_cast<int>(std::max<int64_t>(end - s.in, 0));
  };
  window.pad_top = static_cast<int>(window.h.before);
  window.pad_left = static_cast<int>(window.w.before);
  window.pad_bottom = behind(window.h);
  window.pad_right = behind(window.w);
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
  const Value averages = call.emit(OpKind::kAveragePool2d, {padded}, dims,
                                   usual_order(4), window.attr, ":counted");
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
    return emit_pool(call, OpKind::kAveragePool2d, padded, x.dims[1], window);
  }
  const Window given = window;
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
