// Nodes that move no element: other sizes, other orders of axes, other names.
#include <algorithm>
#include <string>

#include "host/model/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

std::vector<int64_t> sizes_of(const Shape& dims) {
  return {dims.begin(), dims.end()};
}

void cast_view(OnnxCall& call) {
  const int64_t to = call.integer("to", 0);
  call.ignore({"saturate", "round_mode"});  // of types of 8 bits
  if (to != kOnnxFloat) {
    const bool to_bytes = to == kOnnxUint8 || to == kOnnxInt8;
    call.unsupported(
        text("a cast to ", onnx_type_name(static_cast<int>(to)),
             to_bytes ? "; round by a QuantizeLinear, or do this cast behind "
                        "the network"
                      : "; export in float32"));
  }
  const Value& x = call.data(0);
  const bool truth = is_bool(call.graph().at(x.tensor));
  call.set_output(0, truth ? as_number(call, x) : Value(x));
}

void reshape_view(OnnxCall& call) {
  const Value x = call.data(0);
  const Shape dims = call.shape_of(reshape_dims(call, sizes_of(x.dims)));
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
  if (call.has(2) &&
      call.constant(2, "a mode").ints != std::vector<int64_t>{0}) {
    call.unsupported("training mode; export with model.eval()");
  }
  if (call.type() == "Dropout" && call.before(7) &&
      call.integer("is_test", 0) == 0) {
    call.unsupported("training mode; export with model.eval()");
  }
  if (call.is_read(1)) {
    call.unsupported(
        "a mask of what is dropped; nothing is, so leave out what reads it");
  }
  call.ignore({"seed"});
  if (call.before(12)) call.ignore({"ratio"});
  Value v = call.in(0);
  call.set_output(0, std::move(v));
}

// Each axis repeats as a choice of its places.
void tile(OnnxCall& call) {
  call.expect_inputs(2, 2);
  Value x = call.data(0);
  const std::vector<int64_t>& repeats = call.numbers(1, "repeats");
  call.require(repeats.size() == x.rank(),
               text(repeats.size(), " repeats for ", x.rank(), " axes"));
  for (size_t i = 0; i < repeats.size(); ++i) {
    const int64_t r = repeats[i];
    call.require(r >= 0, text(r, " repeats"));
    if (r == 1) continue;
    const int64_t size = x.dims[i];
    if (r == 0 || r > 65535 / size) {
      call.unsupported(text("an axis of ", size, " repeated ", r,
                            " times; 1 to 65,535 places are supported"));
    }
    x = call.layouts().settled(x);
    const int axis = place_of(x.order, static_cast<int>(i));
    GatherAttr attr{axis, 1, {}};
    for (int64_t k = 0; k < r * size; ++k) {
      attr.indices.push_back(static_cast<int>(k % size));
    }
    std::vector<int64_t> sizes = sizes_of(x.dims);
    sizes[i] = r * size;
    const Shape dims = call.shape_of(sizes);
    const QuantNote note = call.graph().note(x.tensor);
    x = call.emit(OpKind::kGather, {x.tensor}, dims, x.order, attr,
                  text(":tiled ", i).c_str());
    call.graph().note(x.tensor) = note;
    call.graph().rename(x.tensor, call.output_name());
  }
  call.set_output(0, std::move(x));
}

// Returns whether all that read the result broadcast it themselves, beside an
// operand of the whole shape.
bool is_broadcast_by_readers(OnnxCall& call, const Shape& dims) {
  constexpr const char* kBroadcast[] = {"Add", "Sub", "Mul", "Div"};
  const State& state = call.state();
  const std::string& name = call.output_name();
  const auto is_end = [&](const OnnxEnd& end) { return end.name == name; };
  if (std::ranges::any_of(state.model.outputs, is_end)) return false;
  for (const OnnxNode& node : state.model.nodes) {
    if (std::ranges::count(node.inputs, name) == 0) continue;
    if (std::ranges::count(kBroadcast, node.type) == 0) return false;
    const bool whole =
        std::ranges::any_of(node.inputs, [&](const std::string& other) {
          const auto value = state.values.find(other);
          return value != state.values.end() && !value->second.refused &&
                 !value->second.is_constant() && value->second.dims == dims;
        });
    if (!whole) return false;
  }
  return true;
}

void expand(OnnxCall& call) {
  const Value x = call.data(0);
  const std::vector<int64_t>& asked = call.numbers(1, "a shape");
  bool same = asked.size() <= x.rank();
  for (size_t i = 0; same && i < asked.size(); ++i) {
    const int size = x.dims[i + x.rank() - asked.size()];
    same = asked[i] == 1 || asked[i] == size;
  }
  if (same) return call.set_output(0, x);
  const std::vector<int64_t> all = result_dims(call, sizes_of(x.dims), asked);
  const Shape out_dims = call.shape_of(all);
  if (is_broadcast_by_readers(call, out_dims)) return call.set_output(0, x);
  OnnxTensor ones;
  ones.type = kOnnxFloat;
  ones.dims = all;
  check_fold_size(call, all);
  ones.floats.assign(static_cast<size_t>(element_count(out_dims)), 1.F);
  const Value v = call.layouts().settled(
      call.layouts().padded(x, std::max(x.rank(), out_dims.size())));
  const int constant = call.constant_beside(ones, v.order);
  call.set_output(0, call.emit(OpKind::kMul, {v.tensor, constant}, out_dims,
                               v.order, FusedAttr{}));
}

}  // namespace

bool convert_views(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Identity" || type == "Dropout") {
    const bool plain = type == "Identity" || call.before(12);
    call.expect_inputs(1, plain ? 1 : 3);
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
  } else if (type == "Tile") {
    tile(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
