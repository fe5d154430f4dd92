// Operators that move elements.
#include "host/model/onnx/fold.h"

namespace shoal::onnx_import {
namespace {

std::vector<int64_t> wide(const Shape& dims) {
  return {dims.begin(), dims.end()};
}

// A box of the tensor; `cuts` in the file's axes, `dropped` axes vanish.
Value cut_out(OnnxCall& call, const Value& x, const std::vector<Cut>& cuts,
              int dropped, const std::string& name) {
  SliceAttr attr;
  bool steps = dropped >= 0;
  Shape dims;
  for (size_t i = 0; i < cuts.size(); ++i) {
    if (cuts[i].count < 1) {
      call.unsupported(
          text("axis ", i, " is empty; leave out what takes no element"));
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

// Several positions of an axis.
void choice(OnnxCall& call, const Value& x, int axis,
            const std::vector<int64_t>& indices) {
  const auto along = static_cast<size_t>(axis);
  GatherAttr attr{place_of(x.order, axis), 1, {}};
  for (const int64_t index : indices) {
    const int64_t at = index < 0 ? index + x.dims[along] : index;
    call.require(at >= 0 && at < x.dims[along],
                 text("index ", index, " of ", x.dims[along], " elements"));
    attr.indices.push_back(static_cast<int>(at));
  }
  if (indices.empty() || indices.size() > 65535) {
    call.unsupported(text(indices.size(), " indices"));
  }
  Shape dims = x.dims;
  dims[along] = static_cast<int>(indices.size());
  const QuantNote note = call.graph().note(x.tensor);
  const Shape& shape = call.in(1).constant->dims.size() == 1 ? dims : Shape{};
  Value made = call.emit(OpKind::kGather, {x.tensor}, dims, x.order, attr,
                         shape.empty() ? ":chosen" : "");
  call.graph().note(made.tensor) = note;
  if (shape.empty()) {
    Shape full(dims.begin(), dims.begin() + axis);
    const Shape sizes = call.shape_of(call.in(1).constant->dims);
    full.insert(full.end(), sizes.begin(), sizes.end());
    full.insert(full.end(), dims.begin() + axis + 1, dims.end());
    made = call.layouts().reshaped(made, full);
  }
  call.set_output(0, made);
}

// Places along the first axes together, as the file has them.
void gather_nd(OnnxCall& call) {
  call.expect_inputs(2, 2);
  if (call.integer("batch_dims", 0) != 0) call.unsupported("batch axes");
  const Value given = call.data(0);
  Axes order(given.rank());
  for (size_t k = 0; k < order.size(); ++k) order[k] = static_cast<int>(k);
  const Value x = call.layouts().ordered(given, order);
  const std::vector<int64_t>& numbers = call.numbers(1, "indices");
  const Shape sizes = call.shape_of(call.in(1).constant->dims);
  call.require(!sizes.empty() && sizes.back() <= static_cast<int>(x.rank()),
               text("indices of shape ", shape_text(sizes)));
  const int depth = sizes.back();
  GatherAttr attr{0, depth, {}};
  for (size_t i = 0; i < numbers.size();) {
    int64_t place = 0;
    for (int k = 0; k < depth; ++k, ++i) {
      const int size = x.dims[static_cast<size_t>(k)];
      const int64_t at = numbers[i] < 0 ? numbers[i] + size : numbers[i];
      call.require(at >= 0 && at < size,
                   text("index ", numbers[i], " of ", size, " elements"));
      place = place * size + at;
      if (place > 65535) call.unsupported("a place behind 65535");
    }
    attr.indices.push_back(static_cast<int>(place));
  }
  Shape dims(sizes.begin(), sizes.end() - 1);
  dims.insert(dims.end(), x.dims.begin() + depth, x.dims.end());
  Axes plain(dims.size());
  for (size_t k = 0; k < plain.size(); ++k) plain[k] = static_cast<int>(k);
  const QuantNote note = call.graph().note(x.tensor);
  const Value made =
      call.emit(OpKind::kGatherNd, {x.tensor}, dims, plain, attr);
  call.graph().note(made.tensor) = note;
  call.set_output(0, made);
}

// One position of an axis, or several.
void gather(OnnxCall& call) {
  call.expect_inputs(2, 2);
  const Value x = call.layouts().settled(call.data(0));
  const std::vector<int64_t>& index = call.numbers(1, "indices");
  const size_t index_rank = call.in(1).constant->dims.size();
  const int axis = call.axis(call.integer("axis", 0), x.rank());
  if (index.size() != 1 || index_rank > 1) return choice(call, x, axis, index);
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
  std::vector<int64_t> sizes = call.before(13) ? call.integers("split")
                               : call.has(1)   ? call.numbers(1, "sizes")
                                               : std::vector<int64_t>{};
  const auto parts = static_cast<int64_t>(call.outputs());
  if (call.has_attribute("num_outputs") && sizes.empty()) {
    call.require(call.integer("num_outputs", 0) == parts,
                 text("num_outputs of ", call.integer("num_outputs", 0),
                      ", but ", parts, " outputs"));
    const int64_t most = (size + parts - 1) / parts;
    sizes.assign(static_cast<size_t>(parts), most);
    sizes.back() = size - (parts - 1) * most;  // the rest, checked below
  } else if (sizes.empty()) {
    call.require(size % parts == 0, text("axis of size ", size, " is not ",
                                         parts, " equal parts"));
    sizes.assign(static_cast<size_t>(parts), size / parts);
  }
  int64_t total = 0;
  for (const int64_t s : sizes) {
    if (s == 0) call.unsupported("an empty part");
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

}  // namespace

bool convert_movement(OnnxCall& call) {
  const std::string& type = call.type();
  if (type == "Slice") {
    slice(call);
  } else if (type == "Gather") {
    gather(call);
  } else if (type == "GatherND") {
    gather_nd(call);
  } else if (type == "Split") {
    split(call);
  } else {
    return false;
  }
  return true;
}

}  // namespace shoal::onnx_import
