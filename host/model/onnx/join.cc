// Operators that join tensors, and that trade channels for places.
#include <algorithm>
#include <limits>

#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

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
  call.require(call.before(4) || call.has_attribute("axis"), "has no axis");
  const int axis = call.axis(call.integer("axis", 1), like.rank());
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
  if (total > std::numeric_limits<int32_t>::max()) {
    call.unsupported(text("size ", total, " of an axis"));
  }
  dims[along] = static_cast<int>(total);
  if (parts.size() == 1) return call.set_output(0, call.in(0));
  Value out = like;
  out.shared = false;
  out.dims = dims;
  out.tensor = joined(call, parts, place_of(like.order, axis));
  call.graph().rename(out.tensor, call.output_name());
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
  call.require(b >= 1, text("blocksize of ", b));
  call.require_at_most(255, "blocksize", b);
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
  const std::vector<int> from = depth_first(dims[1], places);
  const bool moves = columns && !fuse_channels(call, given, from);
  Value x = call.layouts().usual(given);
  if (moves) {
    const QuantNote note = call.graph().note(x.tensor);
    x = call.emit_like(OpKind::kGather, {x.tensor}, x,
                       GatherAttr{place_of(x.order, 1), 1, from}, ":sorted");
    call.graph().note(x.tensor) = note;
  }
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

bool convert_join(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Concat") {
    concat(call);
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
