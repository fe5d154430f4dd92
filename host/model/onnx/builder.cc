#include "host/model/onnx/builder.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "host/base/error.h"
#include "host/model/graph/operators.h"
#include "host/model/onnx/text.h"

namespace shoal::onnx_import {
namespace {

constexpr size_t kMaxAxes = 6;

void check_graph_shape(const std::string& name, const Shape& shape) {
  const auto fail = [&](const std::string& reason) {
    throw Error(Exit::kUnsupported, quoted(name) + ": " + reason);
  };
  if (shape.size() > kMaxAxes) {
    fail(text(shape.size(), " axes, the limit is ", kMaxAxes,
              "; join some by a Reshape before the export"));
  }
  int64_t bytes = 4;
  for (const int size : shape) {
    if (size < 1) {
      fail(text("size ", size, " of an axis; export with sizes of at least 1"));
    }
    bytes *= size;
    if (bytes > std::numeric_limits<int32_t>::max()) {
      fail("more than 2^31 bytes");
    }
  }
}

}  // namespace

void Budget::take(int64_t bytes, const std::string& what) {
  left_ -= bytes;
  if (left_ < 0) {
    throw Error(Exit::kDoesNotFit,
                what +
                    ": constants unfold to more bytes than memory has for "
                    "them");
  }
}

GraphBuilder::GraphBuilder(std::string name, Budget& budget) : budget_(budget) {
  graph_.name = std::move(name);
}

std::string GraphBuilder::fresh(const std::string& name) {
  const std::string plain = without_controls(name);
  std::string unique = plain;
  while (!names_.insert(unique).second) {
    int& copies = copies_[plain];
    unique = text(plain, ":", ++copies + 1);
  }
  return unique;
}

int GraphBuilder::tensor(const std::string& name, const Shape& shape) {
  check_graph_shape(name, shape);
  Tensor t;
  t.name = fresh(name);
  t.type = t.file_type = Type::kFloat32;
  t.shape = shape;
  graph_.tensors.push_back(std::move(t));
  makers_.push_back(-1);
  notes_.emplace_back();
  return static_cast<int>(graph_.tensors.size()) - 1;
}

int GraphBuilder::constant(const std::string& name, const Shape& shape,
                           const std::vector<float>& values) {
  budget_.take(static_cast<int64_t>(values.size() * sizeof(float)),
               graph_.name + ": " + quoted(name));
  for (const float v : values) {
    if (std::isfinite(v)) continue;
    throw Error(Exit::kUnsupported, text(quoted(name), ": holds ", v));
  }
  const int t = tensor(name, shape);
  graph_.tensors.back().constant = true;
  set_values(t, values);
  return t;
}

int GraphBuilder::op(OpKind kind, std::vector<int> inputs,
                     const std::string& name, const Shape& shape, Attr attr) {
  const int result = tensor(name, shape);
  Tensor& made = graph_.tensors.back();
  if (!inputs.empty() && (moves_bytes(kind) || kind == OpKind::kCast)) {
    made.type = at(inputs[0]).type;
    made.file_type = at(inputs[0]).file_type;
    if (is_bool(made)) made.quant = at(inputs[0]).quant;
  }
  const bool truths = kind == OpKind::kLogicalNot ||
                      (kind >= OpKind::kEqual && kind <= OpKind::kLogicalOr);
  if (truths || (kind == OpKind::kSelectV2 && is_bool(at(inputs[1])))) {
    make_truth(result);
  }
  if (class_of(kind) == OpClass::kArg) {
    made.type = made.file_type = Type::kInt64;
  }
  op_of(kind, std::move(inputs), {result}, std::move(attr));
  return result;
}

void GraphBuilder::make_truth(int tensor) {
  Tensor& t = graph_.tensors[static_cast<size_t>(tensor)];
  t.type = Type::kInt8;
  t.file_type = Type::kBool;
  t.quant = {{1.F}, {0}, 0};
  if (!t.constant) return;
  const std::vector<float> numbers = values(tensor);
  t.data.assign(numbers.begin(), numbers.end());
}

void GraphBuilder::op_of(OpKind kind, std::vector<int> inputs,
                         std::vector<int> outputs, Attr attr) {
  for (const int t : outputs) {
    makers_[static_cast<size_t>(t)] = static_cast<int>(graph_.ops.size());
  }
  graph_.ops.push_back(
      {kind, std::move(inputs), std::move(outputs), std::move(attr)});
}

void GraphBuilder::rename(int tensor, const std::string& name) {
  std::string& current = graph_.tensors[static_cast<size_t>(tensor)].name;
  if (current == without_controls(name)) return;
  names_.erase(current);
  current = fresh(name);
}

void GraphBuilder::claim(int tensor, const std::string& given) {
  const std::string name = without_controls(given);
  Tensor& own = graph_.tensors[static_cast<size_t>(tensor)];
  if (own.name == name) return;
  for (Tensor& t : graph_.tensors) {
    if (t.name == name) t.name = fresh(name);
  }
  names_.erase(own.name);
  names_.insert(name);
  own.name = name;
}

Op* GraphBuilder::maker(int tensor) {
  const int op = makers_[static_cast<size_t>(tensor)];
  return op < 0 ? nullptr : &graph_.ops[static_cast<size_t>(op)];
}

std::vector<float> GraphBuilder::values(int constant) const {
  const std::vector<uint8_t>& data = at(constant).data;
  std::vector<float> out(data.size() / sizeof(float));
  if (!out.empty()) std::memcpy(out.data(), data.data(), data.size());
  return out;
}

void GraphBuilder::set_values(int constant, const std::vector<float>& values) {
  std::vector<uint8_t>& data =
      graph_.tensors[static_cast<size_t>(constant)].data;
  data.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
}

void GraphBuilder::prune() {
  std::vector<bool> read(graph_.tensors.size(), false);
  for (const int t : graph_.outputs) read[static_cast<size_t>(t)] = true;
  std::vector<bool> kept(graph_.ops.size(), false);
  // A loop reads what a later operator of it makes.
  for (bool more = true; more;) {
    more = false;
    for (size_t i = graph_.ops.size(); i-- > 0;) {
      const Op& op = graph_.ops[i];
      if (kept[i] || std::ranges::none_of(op.outputs, [&](int t) {
            return read[static_cast<size_t>(t)];
          })) {
        continue;
      }
      kept[i] = true;
      for (const int t : op.inputs) {
        if (t >= 0) read[static_cast<size_t>(t)] = true;
      }
      more = more || op.kind == OpKind::kDelay;
    }
  }
  std::vector<Op> ops;
  makers_.assign(makers_.size(), -1);
  for (size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    for (const int t : graph_.ops[i].outputs) {
      makers_[static_cast<size_t>(t)] = static_cast<int>(ops.size());
    }
    ops.push_back(std::move(graph_.ops[i]));
  }
  graph_.ops = std::move(ops);
}

void GraphBuilder::compact() {
  std::vector<bool> used(graph_.tensors.size(), false);
  const auto mark = [&](const std::vector<int>& list) {
    for (const int t : list) {
      if (t >= 0) used[static_cast<size_t>(t)] = true;
    }
  };
  mark(graph_.inputs);
  mark(graph_.outputs);
  for (const Op& op : graph_.ops) {
    mark(op.inputs);
    mark(op.outputs);
  }
  std::vector<int> moved(used.size(), -1);
  std::vector<Tensor> tensors;
  std::vector<QuantNote> notes;
  std::vector<int> makers;
  for (size_t i = 0; i < used.size(); ++i) {
    if (!used[i]) continue;
    moved[i] = static_cast<int>(tensors.size());
    tensors.push_back(std::move(graph_.tensors[i]));
    notes.push_back(std::move(notes_[i]));
    makers.push_back(makers_[i]);
  }
  graph_.tensors = std::move(tensors);
  notes_ = std::move(notes);
  makers_ = std::move(makers);
  const auto move = [&](std::vector<int>& list) {
    for (int& t : list) {
      if (t >= 0) t = moved[static_cast<size_t>(t)];
    }
  };
  move(graph_.inputs);
  move(graph_.outputs);
  for (Op& op : graph_.ops) {
    move(op.inputs);
    move(op.outputs);
  }
}

}  // namespace shoal::onnx_import
