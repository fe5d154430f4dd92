#include "host/lower/ends.h"

#include <algorithm>
#include <cstring>

#include "host/base/error.h"
#include "host/lower/wish.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

bool is_input(const Graph& g, int t) {
  return std::find(g.inputs.begin(), g.inputs.end(), t) != g.inputs.end();
}

// The QUANTIZE results of a float input, all alike, or -1.
int quantized_input(const Graph& g, int t) {
  int found = -1;
  for (const Op& op : g.ops) {
    if (op.kind != OpKind::kQuantize || op.inputs[0] != t) continue;
    if (found < 0) found = op.outputs[0];
  }
  return found;
}

const Op* cast_to(const Graph& g, int t) {
  for (const Op& op : g.ops) {
    if (op.kind == OpKind::kCast && op.outputs[0] == t) return &op;
  }
  return nullptr;
}

const char* why_unsupported(const Graph& g, const Op& op) {
  const Tensor& y = g.tensors[op.outputs[0]];
  const Tensor& x = g.tensors[op.inputs[0]];
  const OpClass cls = class_of(op.kind);
  const auto is_quantized = [](const Tensor& t) {
    return t.type == Type::kInt8 || is_int16(t);
  };
  const bool moves = cls == OpClass::kReshape || cls == OpClass::kTranspose;
  if (moves && is_wide(x.type)) return nullptr;
  if (cls == OpClass::kCast) {
    if (x.type != Type::kFloat32 || cast_to(g, op.inputs[0])) return nullptr;
    return "a float tensor inside the network";
  }
  if (cls == OpClass::kArg) {
    return x.type == Type::kInt8 ? nullptr : "not int8";
  }
  if (op.kind == OpKind::kDequantize) {
    const bool is_read =
        std::any_of(g.ops.begin(), g.ops.end(), [&](const Op& other) {
          return std::count(other.inputs.begin(), other.inputs.end(),
                            op.outputs[0]) > 0;
        });
    if (is_read) return "a float tensor inside the network";
    if (!is_quantized(g.tensors[op.inputs[0]])) return "not int8 or int16";
    return nullptr;
  }
  if (op.kind == OpKind::kQuantize &&
      g.tensors[op.inputs[0]].type == Type::kFloat32) {
    const int first = quantized_input(g, op.inputs[0]);
    if (!is_input(g, op.inputs[0])) return "a float tensor inside the network";
    const Tensor& f = g.tensors[first];
    if (f.scale() != y.scale() || f.zero() != y.zero() || f.type != y.type) {
      return "a float input quantized in two ways";
    }
    return is_quantized(y) ? nullptr : "not int8 or int16";
  }
  // Operands behind these are constant: the importer has seen to that.
  const bool is_recurrent = class_of(op.kind) == OpClass::kRecurrent;
  const size_t operands = is_recurrent           ? 2
                          : has_weights(op.kind) ? 1
                                                 : op.inputs.size();
  for (size_t k = 0; k < operands; ++k) {
    if (!is_quantized(g.tensors[op.inputs[k]])) return "not int8 or int16";
  }
  if (!is_quantized(y)) return "not int8 or int16";
  if (!has_weights(op.kind)) return nullptr;
  if (!g.tensors[op.inputs[1]].constant) return "weights that are computed";
  if (op.inputs.size() > 2 && op.inputs[2] >= 0 &&
      !g.tensors[op.inputs[2]].constant) {
    return "a bias that is computed";
  }
  return nullptr;
}

// The int8 tensor of which a float output is the DEQUANTIZE, or -1.
int dequantized_from(const Graph& g, int t) {
  for (const Op& op : g.ops) {
    if (op.kind == OpKind::kDequantize && op.outputs[0] == t) {
      return op.inputs[0];
    }
  }
  return -1;
}

NetIo conversion(const Graph& g, int file_tensor, int quantized) {
  NetIo io;
  io.file_tensor = file_tensor;
  const Tensor& q = g.tensors[quantized];
  if (g.tensors[file_tensor].type == Type::kFloat32) {
    io.conversion =
        is_int16(q) ? Conversion::kQuantize16 : Conversion::kQuantize;
    io.scale = q.scale();
    io.zero = q.zero();
  } else if (g.tensors[file_tensor].file_type == Type::kUint8) {
    io.conversion = Conversion::kFlip;
  }
  return io;
}

Wish wish_or_plain(const std::optional<Wish>& wish, const Shape& shape) {
  if (wish && legal(wish->extent)) return *wish;
  return {identity_order(static_cast<int>(shape.size())), legal_extent(shape)};
}

// The operator that makes the tensor; -1: none does.
int maker_of(const Graph& g, int tensor) {
  for (size_t k = 0; k < g.ops.size(); ++k) {
    const std::vector<int>& made = g.ops[k].outputs;
    if (std::find(made.begin(), made.end(), tensor) != made.end()) {
      return static_cast<int>(k);
    }
  }
  return -1;
}

bool is_before(const Net& net, int tensor) {
  return std::any_of(
      net.variables.begin(), net.variables.end(),
      [tensor](const NetVariable& v) { return v.before == tensor; });
}

}  // namespace

std::vector<std::string> unsupported_operators(const Graph& g) {
  std::vector<std::string> lines;
  for (size_t k = 0; k < g.ops.size(); ++k) {
    if (const char* why = why_unsupported(g, g.ops[k])) {
      lines.push_back("operator " + std::to_string(k) + ", " +
                      op_name(g.ops[k].kind) + " (" +
                      g.tensors[g.ops[k].outputs[0]].name + "): " + why);
    }
  }
  for (int t : g.inputs) {
    const Tensor& in = g.tensors[t];
    if (in.type == Type::kInt8 || is_int16(in)) continue;
    if (in.type != Type::kFloat32 || quantized_input(g, t) < 0) {
      lines.push_back("input " + in.name + ": " + type_name(in.type) +
                      " without a QUANTIZE");
    }
  }
  for (int t : g.outputs) {
    const Tensor& out = g.tensors[t];
    const bool numbers = is_wide(out.type) || cast_to(g, t) != nullptr;
    const bool quantized = out.type == Type::kInt8 || is_int16(out);
    if (!quantized && !numbers && dequantized_from(g, t) < 0) {
      lines.push_back("output " + out.name + ": " + type_name(out.type) +
                      " without a DEQUANTIZE");
    }
  }
  return lines;
}

std::optional<FilePlace> place_of(const Value& v, const Shape& shape) {
  const auto own = relabel(v, shape);
  if (!own) return std::nullopt;
  if (is_identity(own->order)) return FilePlace{own->view, {}};
  return FilePlace{own->view, full_order(*own, shape)};
}

void make_inputs(Builder& b) {
  const Graph& g = b.graph();
  const auto wishes = find_wishes(g, b.turned());
  for (int t : g.inputs) {
    const Shape& shape = g.tensors[t].shape;
    const Wish wish = wish_or_plain(wishes[t], shape);
    const bool is_float = g.tensors[t].type == Type::kFloat32;
    const int made = is_float ? quantized_input(g, t) : t;
    const View view =
        b.new_tensor(g.tensors[t].name, wish.extent, b.width(made));
    const Value v{view, squeezed(shape), squeezed_order(wish.order, shape)};
    b.set(t, v);
    NetIo io = conversion(g, t, made);
    io.place = *place_of(v, shape);
    b.net().inputs.push_back(io);
  }
}

void make_variables(Builder& b) {
  const Graph& g = b.graph();
  const auto wishes = find_wishes(g, b.turned());
  for (const Variable& v : g.variables) {
    const Tensor& t = g.tensors[v.before];
    const Wish wish = wish_or_plain(wishes[v.before], t.shape);
    NetVariable made;
    made.name = v.name;
    const View view = b.new_tensor(t.name, wish.extent, b.width(v.before));
    const Value value{view, squeezed(t.shape),
                      squeezed_order(wish.order, t.shape)};
    b.set(v.before, value);
    made.before = view.tensor;
    made.after =
        b.new_tensor(v.name + " (assigned)", wish.extent, b.width(v.before))
            .tensor;
    made.perm = place_of(value, t.shape)->perm;
    const int64_t width = b.width(v.before);
    for (const int64_t e : placed_elements(value.shape, value.order)) {
      for (int64_t at = e * width; at < (e + 1) * width; ++at) {
        made.initial.push_back(v.initial.empty()
                                   ? static_cast<int8_t>(t.zero())
                                   : static_cast<int8_t>(v.initial[at]));
      }
    }
    b.net().variables.push_back(std::move(made));
  }
}

void assign_results(Builder& b, int op) {
  const Graph& g = b.graph();
  for (size_t v = 0; v < g.variables.size(); ++v) {
    const int from = g.variables[v].after;
    if (maker_of(g, from) != op) continue;
    const NetVariable& to = b.net().variables[v];
    const View after{to.after, b.net().tensors[to.after].box()};
    const Shape& shape = g.tensors[from].shape;
    const std::vector<int> order =
        to.perm.empty() ? identity_order(static_cast<int>(shape.size()))
                        : to.perm;
    b.copy(from, b.as_extent(b.ordered(from, order), extent_of(after.box)),
           after);
  }
}

namespace {

// Whole numbers that follow from shapes, made by a layer of constants: bytes,
// or two bytes each where these are too few.
NetIo constant_output(Builder& b, int t) {
  const Tensor& c = b.tensor(t);
  std::vector<int32_t> numbers(c.data.size() / sizeof(int32_t));
  std::memcpy(numbers.data(), c.data.data(), c.data.size());
  const bool bytes = std::ranges::all_of(
      numbers, [](int32_t v) { return v >= -128 && v <= 127; });
  std::vector<int8_t> values;
  for (const int32_t v : numbers) {
    values.push_back(static_cast<int8_t>(v & 0xFF));
    if (!bytes) values.push_back(static_cast<int8_t>(v >> 8));
  }
  if (!bytes) b.set_places(t);
  const Shape shape = b.lies(t);
  const View view =
      b.constant(c.name, std::move(values), legal_extent(shape), 1);
  const Shape own = squeezed(shape);
  NetIo io;
  io.file_tensor = t;
  io.conversion = bytes ? Conversion::kNumber : Conversion::kPlace;
  io.place = *place_of(
      {view, own, identity_order(static_cast<int>(own.size()))}, shape);
  return io;
}

}  // namespace

void make_outputs(Builder& b) {
  const Graph& g = b.graph();
  for (int t : g.outputs) {
    if (g.tensors[t].constant) {
      b.net().outputs.push_back(constant_output(b, t));
      continue;
    }
    const bool is_float = g.tensors[t].type == Type::kFloat32;
    if (is_wide(g.tensors[t].type) || (is_float && cast_to(g, t))) {
      NetIo io;
      io.file_tensor = t;
      const bool places = b.has_places(t);
      io.conversion = !places           ? Conversion::kNumber
                      : b.parts(t) == 2 ? Conversion::kPlace
                                        : Conversion::kDigits;
      io.place = *place_of(places ? b.plain(t) : b.value(t), b.lies(t));
      b.net().outputs.push_back(io);
      continue;
    }
    const int from = is_float ? dequantized_from(g, t) : t;
    NetIo io = conversion(g, t, from);
    io.place = *place_of(b.value(from), g.tensors[from].shape);
    // No layer makes what a variable held before the frame.
    View& view = io.place.view;
    if (is_before(b.net(), view.tensor)) {
      const View made = b.new_tensor(g.tensors[from].name, extent_of(view.box),
                                     b.width(view));
      b.copy(from, view, made);
      view = made;
    }
    b.net().outputs.push_back(io);
  }
  for (size_t t = 0; t < g.tensors.size(); ++t) {
    const int tensor = static_cast<int>(t);
    auto& place = b.net().places.emplace_back();
    const bool quantized =
        g.tensors[t].type == Type::kInt8 || is_int16(g.tensors[t]);
    if (b.has(tensor) && quantized) {
      place = place_of(b.raw(tensor), g.tensors[t].shape);
      if (place && is_before(b.net(), place->view.tensor)) place.reset();
    }
  }
}

}  // namespace shoal
