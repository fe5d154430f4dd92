// Indices of MaxPool, and the MaxUnpool that reads them. A node has no integers
// of 64 bits, so the place of a window's maximum is a few truth values: the
// bits of its number in the window. They follow from a tournament between the
// window's elements, in which the first of equal ones wins, and MaxUnpool sends
// each value down the same tree.
#include <algorithm>
#include <bit>
#include <memory>
#include <utility>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

constexpr const char* kOtherUpsampling = "use Resize or ConvTranspose";

int elements_of(const PooledPlaces& p) { return p.kernel_h * p.kernel_w; }

// The first part of a tournament of n elements: the largest power of two below.
int first_half(int n) {
  return static_cast<int>(std::bit_floor(static_cast<unsigned>(n - 1)));
}

// An operator whose bytes are those of the tensor `like`: it has that one's
// scale in a quantized model.
int op_like(OnnxCall& call, OpKind kind, std::vector<int> inputs,
            const char* part, const Shape& shape, int like, Attr attr = {}) {
  const QuantNote note = call.graph().note(like);
  const int made =
      call.graph().op(kind, std::move(inputs), call.output_name() + part, shape,
                      std::move(attr));
  call.graph().note(made) = note;
  return made;
}

int truth(OnnxCall& call, OpKind kind, std::vector<int> inputs) {
  const Shape shape = call.graph().shape(inputs[0]);
  return call.graph().op(kind, std::move(inputs), call.output_name() + ":place",
                         shape);
}

struct Winner {
  int tensor = -1;        // the maximum
  std::vector<int> bits;  // of its number, the lowest first
};

// `rivals`: the elements of all windows, a tensor for each place in a window.
Winner tournament(OnnxCall& call, std::vector<int> rivals) {
  if (rivals.size() == 1) return {rivals[0], {}};
  const auto half =
      rivals.begin() + first_half(static_cast<int>(rivals.size()));
  const Winner first = tournament(call, {rivals.begin(), half});
  const Winner second = tournament(call, {half, rivals.end()});
  const int later = truth(call, OpKind::kLess, {first.tensor, second.tensor});
  const int earlier = truth(call, OpKind::kLogicalNot, {later});
  Winner out;
  for (size_t i = 0; i < first.bits.size(); ++i) {
    int bit = truth(call, OpKind::kLogicalAnd, {earlier, first.bits[i]});
    if (i < second.bits.size()) {
      const int other =
          truth(call, OpKind::kLogicalAnd, {later, second.bits[i]});
      bit = truth(call, OpKind::kLogicalOr, {bit, other});
    }
    out.bits.push_back(bit);
  }
  out.bits.push_back(later);
  out.tensor =
      op_like(call, OpKind::kMaximum, {first.tensor, second.tensor}, ":maxima",
              call.graph().shape(first.tensor), first.tensor);
  return out;
}

// Adds a tensor to `out` for each of `count` places of a window: it has the
// value where the maximum lies at that place, and zero elsewhere.
void spread(OnnxCall& call, const PooledPlaces& p, int value, int count,
            std::vector<int>& out) {
  if (count == 1) return out.push_back(value);
  const int half = first_half(count);
  const int bit = p.bits[static_cast<size_t>(
      std::bit_width(static_cast<unsigned>(half)) - 1)];
  const auto chosen = [&](bool later) {
    const QuantNote note = call.graph().note(value);
    const int zero = call.constant_tensor(":zero", {1}, {0});
    call.graph().note(zero) = note;
    const std::vector<int> inputs =
        later ? std::vector{bit, value, zero} : std::vector{bit, zero, value};
    return op_like(call, OpKind::kSelectV2, inputs, ":chosen",
                   call.graph().shape(value), value);
  };
  spread(call, p, chosen(false), half, out);
  spread(call, p, chosen(true), count - half, out);
}

int reshaped(OnnxCall& call, int tensor, const Shape& shape) {
  return op_like(call, OpKind::kReshape, {tensor}, ":reshaped", shape, tensor);
}

// Places each window's elements, a block of the result.
int placed(OnnxCall& call, const PooledPlaces& p, const std::vector<int>& parts,
           const Shape& pooled) {
  const int rows = pooled[1], columns = pooled[2], channels = pooled[3];
  const int height = p.stride_h, width = p.stride_w;
  std::vector<int> lines;
  for (int y = 0; y < height; ++y) {
    const auto first = parts.begin() + static_cast<std::ptrdiff_t>(y) * width;
    const int line = joined(call, {first, first + width}, 3);
    call.graph().note(line) = call.graph().note(parts[0]);
    lines.push_back(line);
  }
  if (height == width && height > 1) {
    const int blocks = joined(call, lines, 3);
    call.graph().note(blocks) = call.graph().note(parts[0]);
    return op_like(call, OpKind::kDepthToSpace, {blocks}, ":placed",
                   {1, rows * height, columns * width, channels}, parts[0],
                   BlockAttr{height});
  }
  // [1, rows, columns, width * channels] has the bytes of wider rows.
  const int wide = columns * width;
  if (height == 1) {
    if (width == 1) return lines[0];
    return reshaped(call, lines[0], {1, rows, wide, channels});
  }
  for (int& line : lines) {
    line = reshaped(call, line, {1, rows, 1, wide * channels});
  }
  const int all = joined(call, lines, 2);
  call.graph().note(all) = call.graph().note(parts[0]);
  return reshaped(call, all, {1, rows * height, wide, channels});
}

// Cuts off what lies beyond the result, and adds zeros that no window reaches.
int fitted(OnnxCall& call, int tensor, const Shape& wanted) {
  const Shape have = call.graph().shape(tensor);
  Shape least = have;
  for (size_t i = 0; i < have.size(); ++i) {
    least[i] = std::min(have[i], wanted[i]);
  }
  if (least != have) {
    tensor = op_like(call, OpKind::kSlice, {tensor}, ":cut", least, tensor,
                     slice_from({0, 0, 0, 0}));
  }
  if (least == wanted) return tensor;
  PadAttr attr;
  attr.before.assign(4, 0);
  for (size_t i = 0; i < 4; ++i) attr.after.push_back(wanted[i] - least[i]);
  return op_like(call, OpKind::kPad, {tensor}, ":padded", wanted, tensor, attr);
}

Shape nhwc(const Shape& dims) { return {dims[0], dims[2], dims[3], dims[1]}; }

// The sizes of the result that the node says; rows 1 in one dimension.
Shape unpooled_dims(OnnxCall& call, const Value& given, const Value& x) {
  const bool row = given.rank() == 3;
  const size_t sides = row ? 1 : 2;
  const auto side = [&](std::vector<int64_t> list, const char* name,
                        int64_t usual, size_t count) {
    if (list.empty()) list.assign(count, usual);
    call.require(list.size() == count, text(name, " has ", list.size(),
                                            " numbers, expected ", count));
    for (const int64_t v : list) {
      call.require(v >= 0 && v <= (1 << 24), text(name, " of ", v));
    }
    return list;
  };
  const auto kernel =
      side(call.integers("kernel_shape"), "kernel_shape", 1, sides);
  const auto strides = side(call.integers("strides"), "strides", 1, sides);
  const auto pads = side(call.integers("pads"), "pads", 0, 2 * sides);
  if (call.has(2)) {
    std::vector<int64_t> dims = call.numbers(2, "output_shape");
    call.require(dims.size() == given.rank(),
                 text("output_shape has ", dims.size(), " numbers"));
    if (row) dims.insert(dims.begin() + 2, 1);
    return call.shape_of(dims);
  }
  Shape dims = x.dims;
  for (size_t i = 0; i < sides; ++i) {
    const size_t axis = 4 - sides + i;
    const int64_t size =
        (x.dims[axis] - 1) * strides[i] + kernel[i] - pads[i] - pads[i + sides];
    call.require(size >= 1 && size <= (1 << 24), text("output of size ", size));
    dims[axis] = static_cast<int>(size);
  }
  return dims;
}

}  // namespace

void note_places(OnnxCall& call, const Value& x, const Window& window,
                 int padded) {
  const std::string& name = call.output_name(1);
  const State& state = call.state();
  const auto unpools = state.unpools.find(name);
  if (unpools == state.unpools.end() ||
      unpools->second != state.uses.at(name)) {
    call.unsupported(
        "indices of the maxima that another operator than MaxUnpool, or an "
        "output, reads; leave them out");
  }
  if (call.integer("storage_order", 0) != 0) {
    call.unsupported("indices of storage_order 1, which MaxUnpool misreads");
  }
  for (const Side& s : {window.h, window.w}) {
    if (s.dilation == 1 && s.before == 0 && s.stride >= s.kernel) continue;
    call.unsupported(
        text("indices of windows that overlap, are dilated or begin in a "
             "padding; make the stride at least kernel_shape, or ",
             kOtherUpsampling));
  }
  auto places = std::make_shared<PooledPlaces>();
  places->dims = x.dims;
  places->kernel_h = static_cast<int>(window.h.kernel);
  places->kernel_w = static_cast<int>(window.w.kernel);
  places->stride_h = static_cast<int>(window.h.stride);
  places->stride_w = static_cast<int>(window.w.stride);
  constexpr int kMost = 64;
  call.require_at_most(kMost, "indices in a window", elements_of(*places));
  const Shape pooled{1, static_cast<int>(window.h.out),
                     static_cast<int>(window.w.out), x.dims[1]};
  std::vector<int> rivals;
  for (int y = 0; y < places->kernel_h; ++y) {
    for (int c = 0; c < places->kernel_w; ++c) {
      SliceAttr attr = slice_from({0, y, c, 0});
      attr.stride = {1, places->stride_h, places->stride_w, 1};
      rivals.push_back(op_like(call, OpKind::kStridedSlice, {padded}, ":rival",
                               pooled, x.tensor, attr));
    }
  }
  places->bits = tournament(call, rivals).bits;
  places->pooled = pooled;
  Value out;
  out.name = name;
  out.places = std::move(places);
  call.set_output(1, std::move(out));
}

bool convert_unpool(OnnxCall& call) {
  if (call.type() != "MaxUnpool") return false;
  call.expect_inputs(2, 3);
  const Value given = call.data(0);
  const auto places = call.in(1).places;
  if (places == nullptr) {
    call.unsupported(
        text("indices that no MaxPool of the model makes; ", kOtherUpsampling));
  }
  if (given.rank() != 3 && given.rank() != 4) {
    call.unsupported(
        text("an input of ", given.rank(), " axes; pools have 3 or 4"));
  }
  const Value x = windowed(call, given);
  const Shape dims = unpooled_dims(call, given, x);
  call.require(nhwc(x.dims) == places->pooled,
               text("an input of shape ", shape_text(given.dims),
                    ", its indices are those of another one"));
  if (dims != places->dims) {
    call.unsupported(text(
        "an output of ", shape_text(dims), " by indices in an input of ",
        shape_text(places->dims), "; set output_shape to that input's shape"));
  }
  std::vector<int> values, parts;
  spread(call, *places, x.tensor, elements_of(*places), values);
  for (int y = 0; y < places->stride_h; ++y) {
    for (int c = 0; c < places->stride_w; ++c) {
      if (y < places->kernel_h && c < places->kernel_w) {
        parts.push_back(values[static_cast<size_t>(y * places->kernel_w + c)]);
        continue;
      }
      const auto zeros = static_cast<size_t>(element_count(places->pooled));
      parts.push_back(call.constant_tensor(":zeros", places->pooled,
                                           std::vector<float>(zeros, 0.F)));
    }
  }
  Value out;
  out.dims = dims;
  out.order = usual_order(4);
  out.tensor =
      fitted(call, placed(call, *places, parts, places->pooled), nhwc(dims));
  call.graph().rename(out.tensor, call.output_name());
  set_windowed(call, out);
  return true;
}

}  // namespace shoal::onnx_import
