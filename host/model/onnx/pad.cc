// Pad: a value around the tensor, or the tensor itself, mirrored.
#include <algorithm>
#include <numeric>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

// By axis of the file.
struct Amounts {
  std::vector<int> before, after;
};

Amounts amounts_of(const OnnxCall& call, const Value& x) {
  const std::vector<int64_t> pads =
      call.before(11) ? call.integers("pads") : call.numbers(1, "pads");
  std::vector<int64_t> axes(x.rank());
  std::iota(axes.begin(), axes.end(), 0);
  if (call.has(3)) axes = call.numbers(3, "axes");
  call.require(pads.size() == 2 * axes.size(),
               text(pads.size(), " pads for ", axes.size(), " axes"));
  for (const int64_t p : pads) {
    if (p < 0) call.unsupported("negative pads; use Slice");
    call.require_at_most(65535, "pads", p);
  }
  Amounts out{std::vector<int>(x.rank(), 0), std::vector<int>(x.rank(), 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<size_t>(call.axis(axes[i], x.rank()));
    out.before[axis] = static_cast<int>(pads[i]);
    out.after[axis] = static_cast<int>(pads[i + axes.size()]);
  }
  return out;
}

bool is_none(const Amounts& a) {
  const auto zero = [](int n) { return n == 0; };
  return std::ranges::all_of(a.before, zero) &&
         std::ranges::all_of(a.after, zero);
}

// `attr` without its amounts.
template <class A>
Value padded(OnnxCall& call, OpKind kind, const Value& x, const Amounts& by,
             A attr, const char* part = "") {
  Shape dims = x.dims;
  for (size_t i = 0; i < dims.size(); ++i)
    dims[i] += by.before[i] + by.after[i];
  for (const int axis : x.order) {
    attr.before.push_back(by.before[static_cast<size_t>(axis)]);
    attr.after.push_back(by.after[static_cast<size_t>(axis)]);
  }
  const QuantNote note = call.graph().note(x.tensor);
  const Value out = call.emit(kind, {x.tensor}, dims, x.order, attr, part);
  if (x.bytes) call.graph().note(out.tensor) = note;
  return out;
}

Value with_value(OnnxCall& call, const Value& x, const Amounts& by) {
  PadAttr attr;
  attr.real = call.before(11) ? call.real("value", 0)
              : call.data(0).bytes
                  ? call.meaning_of(call.has(2) ? call.byte(2, "a value") : 0)
              : call.has(2) ? call.scalar(2, "a value")
                            : 0.f;
  const OpKind kind = attr.real == 0 ? OpKind::kPad : OpKind::kPadv2;
  return padded(call, kind, x, by, attr);
}

Value reflected(OnnxCall& call, const Value& x, const Amounts& by) {
  for (size_t i = 0; i < x.rank(); ++i) {
    const int amount = std::max(by.before[i], by.after[i]);
    call.require(amount < x.dims[i],
                 text("axis ", i, " of size ", x.dims[i], " mirrors at most ",
                      x.dims[i] - 1, ", not ", amount));
  }
  return padded(call, OpKind::kMirrorPad, x, by, MirrorAttr{{}, {}, false});
}

// The edge again and again: of n equal ones a mirror makes 2n.
Value repeated(OnnxCall& call, Value x, Amounts left) {
  int equal = 1;
  while (!is_none(left)) {
    Amounts now = left;
    for (size_t i = 0; i < x.rank(); ++i) {
      now.before[i] = std::min(left.before[i], equal);
      now.after[i] = std::min(left.after[i], equal);
      left.before[i] -= now.before[i];
      left.after[i] -= now.after[i];
    }
    equal *= 2;
    x = padded(call, OpKind::kMirrorPad, x, now, MirrorAttr{{}, {}, true},
               is_none(left) ? "" : ":edge");
  }
  return x;
}

}  // namespace

bool convert_pad(OnnxCall& call) {
  if (call.type() != "Pad") return false;
  const bool attributes = call.before(11);
  call.expect_inputs(attributes ? 1 : 2, attributes ? 1 : 4);
  const std::string mode = call.word("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge") {
    call.unsupported("mode " + quoted(mode) + "; use constant or reflect");
  }
  // Without an amount nobody asks for it.
  if (attributes) call.ignore({"value"});
  const Value x = call.layouts().settled(call.data(0));
  const Amounts by = amounts_of(call, x);
  call.set_output(0, is_none(by)          ? x
                     : mode == "constant" ? with_value(call, x, by)
                     : mode == "reflect"  ? reflected(call, x, by)
                                          : repeated(call, x, by));
  return true;
}

}  // namespace shoal::onnx_import
