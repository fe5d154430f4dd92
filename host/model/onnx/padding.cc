// Paddings: those that TensorFlow Lite cannot say become an operator in
// front.
#include <algorithm>
#include <utility>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

constexpr int64_t kMaxWindow = 65535, kMaxReach = 1 << 24;
constexpr const char* kWayOut = "cut the input into shorter frames";

bool is_row(const OnnxCall& call) { return call.in(0).rank() == 3; }

// Reads an attribute that has a number for each side of the window, height
// first.
std::vector<int64_t> pair_of(const OnnxCall& call, const char* name) {
  std::vector<int64_t> out = call.integers(name);
  const size_t sides = is_row(call) ? 1 : 2;
  if (!call.has_attribute(name)) out.assign(sides, 1);
  call.require(out.size() == sides,
               text(name, " has ", out.size(), " numbers, expected ", sides));
  if (sides == 1) out.insert(out.begin(), 1);
  for (const int64_t v : out) {
    call.require(v >= 1, text(name, " of ", v));
    call.require_at_most(kMaxWindow, name, v, kWayOut);
  }
  return out;
}

void check_window(const OnnxCall& call, const Side& side) {
  call.require(side.kernel >= 1, text("kernel of ", side.kernel));
  call.require_at_most(kMaxWindow, "kernel", side.kernel, kWayOut);
  call.require_at_most(kMaxReach, "a window", side.window(), kWayOut);
}

// SAME_UPPER has the odd one behind, SAME_LOWER in front.
void pad_automatically(Side& side, bool lower) {
  side.out = (side.in + side.stride - 1) / side.stride;
  const int64_t total = std::max<int64_t>(
      0, (side.out - 1) * side.stride + side.window() - side.in);
  side.before = lower ? total - total / 2 : total / 2;
  side.after = total - side.before;
}

void read_pads(const OnnxCall& call, Window& window) {
  const std::string automatic = call.word("auto_pad", "NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    pad_automatically(window.h, automatic == "SAME_LOWER");
    pad_automatically(window.w, automatic == "SAME_LOWER");
    call.ignore({"pads"});
    return;
  }
  call.require(automatic == "NOTSET" || automatic == "VALID",
               text("auto_pad ", quoted(automatic)));
  if (!call.has_attribute("pads") || automatic == "VALID") return;
  std::vector<int64_t> pads = call.integers("pads");
  const size_t expected = is_row(call) ? 2 : 4;
  call.require(pads.size() == expected,
               text("pads has ", pads.size(), " numbers, expected ", expected));
  if (is_row(call)) pads = {0, pads[0], 0, pads[1]};
  for (const int64_t p : pads) {
    if (p < 0) call.unsupported("negative pads; use Slice");
    call.require_at_most(kMaxWindow, "pads", p);
  }
  window.h.before = pads[0];
  window.w.before = pads[1];
  window.h.after = pads[2];
  window.w.after = pads[3];
}

int64_t same_total(const Side& s) {
  return std::max<int64_t>(0, (s.out - 1) * s.stride + s.window() - s.in);
}

bool is_valid(const Side& s) {
  return s.before == 0 && s.in >= s.window() &&
         s.out == (s.in - s.window()) / s.stride + 1;
}

bool is_same(const Side& s) {
  return s.out == (s.in + s.stride - 1) / s.stride &&
         s.before == same_total(s) / 2;
}

// The length by which the windows really reach behind the input.
int64_t needed_after(const Side& s) {
  return std::max<int64_t>(
      0, (s.out - 1) * s.stride + s.window() - s.in - s.before);
}

}  // namespace

Value windowed(OnnxCall& call, const Value& given) {
  if (given.rank() != 3) return call.layouts().usual(given);
  const Shape dims{given.dims[0], given.dims[1], 1, given.dims[2]};
  return call.layouts().usual(call.layouts().reshaped(given, dims));
}

void set_windowed(OnnxCall& call, const Value& made) {
  if (!is_row(call)) return call.set_output(0, made);
  const Shape dims{made.dims[0], made.dims[1], made.dims[3]};
  call.set_output(0, call.layouts().reshaped(made, dims));
}

Window window_of(OnnxCall& call, const Value& x, int64_t kernel_h,
                 int64_t kernel_w) {
  if (x.dims[0] != 1) {
    call.unsupported(text("a batch of ", x.dims[0],
                          "; a batch of n is n frames: give the shape of one "
                          "with --input-shape"));
  }
  const std::vector<int64_t> strides = pair_of(call, "strides");
  const std::vector<int64_t> dilations = pair_of(call, "dilations");
  Window window;
  window.h = {x.dims[2], kernel_h, strides[0], dilations[0], 0, 0, 0};
  window.w = {x.dims[3], kernel_w, strides[1], dilations[1], 0, 0, 0};
  check_window(call, window.h);
  check_window(call, window.w);
  window.attr.kernel_h = static_cast<int>(kernel_h);
  window.attr.kernel_w = static_cast<int>(kernel_w);
  window.attr.stride_h = static_cast<int>(strides[0]);
  window.attr.stride_w = static_cast<int>(strides[1]);
  window.attr.dilation_h = static_cast<int>(dilations[0]);
  window.attr.dilation_w = static_cast<int>(dilations[1]);
  read_pads(call, window);
  const bool ceil = call.integer("ceil_mode", 0) != 0;
  for (Side* s : {&window.h, &window.w}) {
    const int64_t room = s->in + s->before + s->after - s->window();
    call.require(room >= 0,
                 text("a window of ", s->window(), " over ", s->in,
                      " elements with pads ", s->before, " and ", s->after));
    s->out = (room + (ceil ? s->stride - 1 : 0)) / s->stride + 1;
    // Windows that start behind the input do not count.
    if (ceil && (s->out - 1) * s->stride >= s->in + s->before) --s->out;
  }
  return window;
}

void resolve_window(Window& window) {
  Side &h = window.h, &w = window.w;
  if (is_valid(h) && is_valid(w)) return;
  if (is_same(h) && is_same(w)) {
    window.attr.pad_top = static_cast<int>(h.before);
    window.attr.pad_left = static_cast<int>(w.before);
    return;
  }
  window.pad_top = static_cast<int>(h.before);
  window.pad_left = static_cast<int>(w.before);
  window.pad_bottom = static_cast<int>(needed_after(h));
  window.pad_right = static_cast<int>(needed_after(w));
}

SliceAttr slice_from(std::vector<int> begin) {
  SliceAttr attr;
  attr.stride.assign(begin.size(), 1);
  attr.dropped.assign(begin.size(), false);
  attr.begin = std::move(begin);
  return attr;
}

int pad_in_front(OnnxCall& call, const Value& x, const Window& window,
                 float value) {
  PadAttr attr;
  attr.before = {0, window.pad_top, window.pad_left, 0};
  attr.after = {0, window.pad_bottom, window.pad_right, 0};
  attr.real = value;
  Shape shape = call.graph().shape(x.tensor);
  shape[1] += window.pad_top + window.pad_bottom;
  shape[2] += window.pad_left + window.pad_right;
  const QuantNote note = call.graph().note(x.tensor);
  const int made =
      call.graph().op(value == 0 ? OpKind::kPad : OpKind::kPadv2, {x.tensor},
                      call.output_name() + ":padded", shape, attr);
  call.graph().note(made) = note;
  return made;
}

}  // namespace shoal::onnx_import
