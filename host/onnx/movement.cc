// Operators that move elements, and views that move none.
#include <algorithm>

#include "host/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

std::vector<int64_t> wide(const Shape& dims) {
  return {dims.begin(), dims.end()};
}

void cast_view(OnnxCall& call) {
  const int64_t to = call.integer("to", 0);
  if (to != kOnnxFloat) {
    call.unsupported(text("a cast to ", onnx_type_name(static_cast<int>(to)),
                          "; export in float32"));
  }
  call.set_output(0, call.data(0));
}

void reshape_view(OnnxCall& call) {
  const Value x = call.data(0);
  const Shape dims = call.shape_of(reshape_dims(call, wide(x.dims)));
  if (dims.size() > 6) {
    call.unsupported(text(dims.size(), " axes, the limit is 6"));
  }
  call.set_output(0, call.layouts().reshaped(x, dims));
}

void transpose_view(OnnxCall& call) {
  const Value x = call.data(0);
  Axes perm;
  for (const int64_t axis : permutation(call, x.rank())) {
    perm.push_back(static_cast<int>(axis));
  }
  call.set_output(0, call.layouts().transposed(x, perm));
}

void same_view(OnnxCall& call) {
  if (call.wants(1)) call.unsupported("a mask of what is dropped");
  if (call.has(2) &&
      call.constant(2, "a mode").ints != std::vector<int64_t>{0}) {
    call.unsupported("training mode; export with model.eval()");
  }
  Value v = call.in(0);
  call.set_output(0, std::move(v));
}

void expand(OnnxCall& call) {
  const Value x = call.data(0);
  const std::vector<int64_t>& asked = call.numbers(1, "a shape");
  Shape out = x.dims;
  bool same = asked.size() <= x.rank();
  for (size_t i = 0; same && i < asked.size(); ++i) {
    const int size = x.dims[i + x.rank() - asked.size()];
    same = asked[i] == 1 || asked[i] == size;
  }
  if (!same) {
    call.unsupported(
        "repeated elements; Add and Mul broadcast without Expand, Resize "
        "repeats places");
  }
  call.set_output(0, x);
}

// Constants among the operands lie as the tensors do.
int constant_part(OnnxCall& call, size_t i, const Axes& order) {
  call.floats(i, "an operand");
  const OnnxTensor& t = call.constant(i, "an operand");
  const Shape dims = call.shape_of(t.dims);
  call.require(dims.size() == order.size(),
               text("an operand of shape ", shape_text(dims)));
  const int made = call.graph().constant(
      t.name, permuted(dims, order), Layouts::laid_out(t.floats, dims, order));
  if (t.quant.scale.size() == 1) call.graph().note(made).quant = t.quant;
  return made;
}

void concat(OnnxCall& call) {
  call.expect_inputs(1, 1 << 20);
  Value like;
  for (size_t i = 0; i < call.inputs(); ++i) {
    const Value& v = call.in(i);
    if (!v.is_constant() && like.tensor < 0) {
      like = call.layouts().settled(v);
    }
  }
  call.require(call.has_attribute("axis"), "has no axis");
  const int axis = call.axis(call.integer("axis", 0), like.rank());
  const auto along = static_cast<size_t>(axis);
  std::vector<int> parts;
  Shape dims = like.dims;
  int64_t total = 0;
  for (size_t i = 0; i < call.inputs(); ++i) {
    const Value v = call.in(i);
    Shape own = v.is_constant() ? call.shape_of(v.constant->dims) : v.dims;
    call.require(own.size() == dims.size(),
                 text("an operand of ", own.size(), " axes beside one of ",
                      dims.size()));
    total += own[along];
    own[along] = dims[along];
    call.require(own == dims,
                 text("operands differ in other axes than ", axis, ": ",
                      shape_text(own), " and ", shape_text(dims)));
    parts.push_back(v.is_constant()
                        ? constant_part(call, i, like.order)
                        : call.layouts().ordered(v, like.order).tensor);
  }
  if (total > 65535) call.unsupported(text("size ", total, " of an axis"));
  dims[along] = static_cast<int>(total);
  if (parts.size() == 1) return call.set_output(0, call.in(0));
  Value out = like;
  out.shared = false;
  out.dims = dims;
  out.tensor = joined(call, parts, place_of(like.order, axis));
  call.graph().rename(out.tensor, call.output_name());
  call.set_output(0, out);
}

// A box of the tensor; `cuts` in the file's axes, `dropped` axes vanish.
Value cut_out(OnnxCall& call, const Value& x, const std::vector<Cut>& cuts,
              int dropped, const std::string& name) {
  SliceAttr attr;
  bool steps = dropped >= 0;
  Shape dims;
  for (size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i].count < 1) {
      call.unsupported(text("axis ", i, " is empty"));
    }
    if (static_cast<int>(i) != dropped) {
      dims.push_back(static_cast<int>(cuts[i].count));
    }
  }
  Axes order;
  Shape shape;
  for (const int axis : x.order) {
    const Cut& cut = cuts[static_cast<size_t>(axis)];
    const int step = cut.count > 1 ? static_cast<int>(cut.step) : 1;
    attr.begin.push_back(static_cast<int>(cut.begin));
    attr.stride.push_back(step);
    attr.dropped.push_back(axis == dropped);
    steps = steps || step != 1;
    if (axis == dropped) continue;
    order.push_back(dropped >= 0 && axis > dropped ? axis - 1 : axis);
    shape.push_back(static_cast<int>(cut.count));
  }
  Value out;
  out.name = name;
  out.dims = dims;
  out.order = order;
  const QuantNote note = call.graph().note(x.tensor);
  out.tensor = call.graph().op(steps ? OpKind::kStridedSlice : OpKind::kSlice,
                               {x.tensor}, name, shape, attr);
  call.graph().note(out.tensor) = note;
  return out;
}

void slice(OnnxCall& call) {
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<Cut> cuts = slice_cuts(call, wide(x.dims));
  bool whole = true;
  for (size_t i = 0; i < cuts.size(); ++i) {
    whole = whole && cuts[i].count == x.dims[i] &&
            (cuts[i].step == 1 || x.dims[i] == 1);
  }
  call.set_output(0,
                  whole ? x : cut_out(call, x, cuts, -1, call.output_name()));
}

// One position of an axis.
void gather(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<int64_t>& index = call.numbers(1, "indices");
  const size_t index_rank = call.in(1).constant->dims.size();
  if (index.size() != 1 || index_rank > 1) {
    call.unsupported(text(index.size(),
                          " indices; only one position is supported, use "
                          "Slice or Split"));
  }
  const int axis = call.axis(call.integer("axis", 0), x.rank());
  const int64_t size = x.dims[static_cast<size_t>(axis)];
  const int64_t at = index[0] < 0 ? index[0] + size : index[0];
  call.require(at >= 0 && at < size,
               text("index ", index[0], " of ", size, " elements"));
  if (x.rank() == 1) call.unsupported("a single element");
  std::vector<Cut> cuts;
  for (const int d : x.dims) cuts.push_back({0, d, 1});
  cuts[static_cast<size_t>(axis)] = {at, 1, 1};
  call.set_output(0, cut_out(call, x, cuts, index_rank == 0 ? axis : -1,
                             call.output_name()));
}

std::vector<int64_t> split_sizes(OnnxCall& call, int64_t size) {
  std::vector<int64_t> sizes =
      call.has(1) ? call.numbers(1, "sizes") : call.integers("split");
  const auto parts = static_cast<int64_t>(call.outputs());
  if (sizes.empty()) {
    call.require(size % parts == 0, text("axis of size ", size, " is not ",
                                         parts, " equal parts"));
    sizes.assign(static_cast<size_t>(parts), size / parts);
  }
  int64_t total = 0;
  for (const int64_t s : sizes) {
    call.require(s >= 1 && s <= size, text("a part of size ", s));
    total += s;
  }
  call.require(static_cast<int64_t>(sizes.size()) == parts && total == size,
               text(sizes.size(), " parts of ", total, " elements for ", parts,
                    " outputs of an axis of ", size));
  return sizes;
}

void split(OnnxCall& call) {
  call.expect_inputs(1, 2);
  const Value x = call.layouts().settled(call.data(0));
  const int axis = call.axis(call.integer("axis", 0), x.rank());
  const auto along = static_cast<size_t>(axis);
  const std::vector<int64_t> sizes = split_sizes(call, x.dims[along]);
  bool equal = true;
  for (size_t i = 0; i < sizes.size(); ++i) {
    equal = equal && sizes[i] == sizes[0] && call.wants(i);
  }
  if (!equal) {
    std::vector<Cut> cuts;
    for (const int d : x.dims) cuts.push_back({0, d, 1});
    for (size_t i = 0; i < sizes.size(); ++i) {
      cuts[along] = {i == 0 ? 0 : cuts[along].begin + sizes[i - 1], sizes[i],
                     1};
      if (!call.wants(i)) continue;
      call.set_output(i, cut_out(call, x, cuts, -1, call.output_name(i)));
    }
    return;
  }
  Value out = x;
  out.shared = false;
  out.dims[along] = static_cast<int>(sizes[0]);
  const QuantNote note = call.graph().note(x.tensor);
  std::vector<int> made;
  for (size_t i = 0; i < sizes.size(); ++i) {
    out.tensor =
        call.graph().tensor(call.output_name(i), permuted(out.dims, out.order));
    call.graph().note(out.tensor) = note;
    made.push_back(out.tensor);
    call.set_output(i, out);
  }
  call.graph().op_of(OpKind::kSplit, {x.tensor}, made,
                     AxisAttr{place_of(x.order, axis)});
}

void pad(OnnxCall& call) {
  call.expect_inputs(2, 3);
  const std::string mode = call.word("mode", "constant");
  if (mode != "constant") {
    call.unsupported("mode " + quoted(mode) + "; use constant");
  }
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<int64_t>& pads = call.numbers(1, "pads");
  const float value = call.has(2) ? call.scalar(2, "a value") : 0.f;
  call.require(pads.size() == 2 * x.rank(),
               text(pads.size(), " pads for ", x.rank(), " axes"));
  PadAttr attr;
  attr.real = value;
  Shape dims = x.dims;
  bool none = true;
  for (size_t i = 0; i < pads.size(); ++i) {
    if (pads[i] < 0) call.unsupported("negative pads; use Slice");
    call.require(pads[i] <= 65535, text("pads of ", pads[i]));
    none = none && pads[i] == 0;
    dims[i % x.rank()] += static_cast<int>(pads[i]);
  }
  if (none) return call.set_output(0, x);
  for (const int axis : x.order) {
    attr.before.push_back(static_cast<int>(pads[static_cast<size_t>(axis)]));
    attr.after.push_back(
        static_cast<int>(pads[static_cast<size_t>(axis) + x.rank()]));
  }
  const QuantNote note = call.graph().note(x.tensor);
  const Value out = call.emit(value == 0 ? OpKind::kPad : OpKind::kPadv2,
                              {x.tensor}, dims, x.order, attr);
  call.graph().note(out.tensor) = note;
  call.set_output(0, out);
}

// Channel c * b * b + place of the column-row-depth form is channel
// place * C + c of TensorFlow Lite's.
std::vector<int> depth_first(int channels, int places) {
  std::vector<int> from;
  for (int place = 0; place < places; ++place) {
    for (int c = 0; c < channels; ++c) from.push_back(c * places + place);
  }
  return from;
}

void blocks(OnnxCall& call, bool to_space) {
  call.expect_inputs(1, 1);
  const Value given = call.data(0);
  call.require(given.rank() == 4, text("an input of ", given.rank(), " axes"));
  const int64_t b = call.integer("blocksize", 0);
  call.require(b >= 1 && b <= 255, text("blocksize of ", b));
  const int block = static_cast<int>(b), places = block * block;
  Shape dims = given.dims;
  const bool fits = to_space ? dims[1] % places == 0
                             : dims[2] % block == 0 && dims[3] % block == 0;
  call.require(fits, text("blocks of ", block, " in ", shape_text(dims)));
  dims[1] = to_space ? dims[1] / places : dims[1] * places;
  for (const size_t i : {size_t{2}, size_t{3}}) {
    dims[i] = to_space ? dims[i] * block : dims[i] / block;
  }
  const std::string mode = call.word("mode", "DCR");
  const bool columns = to_space && mode == "CRD" && dims[1] > 1;
  if (columns && !fuse_channels(call, given, depth_first(dims[1], places))) {
    call.unsupported(
        "mode CRD (torch: PixelShuffle) behind another operator than a "
        "convolution; put it right behind one, or use mode DCR");
  }
  const Value x = call.layouts().usual(given);
  call.set_output(
      0, call.emit(to_space ? OpKind::kDepthToSpace : OpKind::kSpaceToDepth,
                   {x.tensor}, dims, x.order, BlockAttr{block}));
}

}  // namespace

int joined(OnnxCall& call, std::vector<int> parts, int axis) {
  constexpr size_t kAtOnce = 10;
  const auto along = static_cast<size_t>(axis);
  while (parts.size() > 1) {
    std::vector<int> next;
    for (size_t i = 0; i < parts.size(); i += kAtOnce) {
      const size_t end = std::min(parts.size(), i + kAtOnce);
      const std::vector<int> some(parts.begin() + static_cast<int64_t>(i),
                                  parts.begin() + static_cast<int64_t>(end));
      if (some.size() == 1) {
        next.push_back(some[0]);
        continue;
      }
      Shape shape = call.graph().shape(some[0]);
      shape[along] = 0;
      for (const int t : some) shape[along] += call.graph().shape(t)[along];
      next.push_back(call.graph().op(OpKind::kConcatenation, some,
                                     call.output_name() + ":joined", shape,
                                     AxisAttr{axis}));
    }
    parts = std::move(next);
  }
  return parts[0];
}

bool convert_views(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Identity" || type == "Dropout") {
    call.expect_inputs(1, 3);
    same_view(call);
  } else if (type == "Cast") {
    cast_view(call);
  } else if (type == "Reshape" || type == "Flatten" || type == "Squeeze" ||
             type == "Unsqueeze") {
    reshape_view(call);
  } else if (type == "Transpose") {
    transpose_view(call);
  } else if (type == "Expand") {
    expand(call);
  } else {
    return false;
  }
  return true;
}

bool convert_movement(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Concat") {
    concat(call);
  } else if (type == "Slice") {
    slice(call);
  } else if (type == "Gather") {
    gather(call);
  } else if (type == "Split") {
    split(call);
  } else if (type == "Pad") {
    pad(call);
  } else if (type == "DepthToSpace") {
    blocks(call, true);
  } else if (type == "SpaceToDepth") {
    blocks(call, false);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
