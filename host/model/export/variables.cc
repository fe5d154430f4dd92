#include "host/model/export/variables.h"

#include <algorithm>
#include <utility>

#include "host/base/error.h"
#include "host/model/export/op_writer.h"
#include "host/model/graph/operators.h"

namespace shoal {
namespace {

RawOp handle_of(const Variable& v, int tensor) {
  RawOp op = made_op(kVarHandleCode, OptionsCode::kVarHandle, {}, {tensor});
  op.options.variable = '\0' + v.name;  // of no container
  return op;
}

RawTensor resource(const std::string& name) {
  RawTensor t;
  t.name = name;
  t.type = kCodeResource;
  t.shape = {1};
  return t;
}

// In the file's type.
std::vector<uint8_t> initial_bytes(const Graph& g, const Variable& v) {
  const Tensor& t = g.tensors[static_cast<size_t>(v.before)];
  std::vector<uint8_t> bytes = v.initial;
  if (bytes.empty()) {
    bytes.assign(static_cast<size_t>(element_count(t.shape)) *
                     static_cast<size_t>(type_bytes(t.type)),
                 static_cast<uint8_t>(t.zero()));
  }
  if (t.type == Type::kInt8 && t.file_type == Type::kUint8) {
    for (uint8_t& b : bytes) b ^= 0x80;
  }
  return bytes;
}

void check_readers(const Graph& g, const Variable& v) {
  for (const Op& op : g.ops) {
    if (op.kind == OpKind::kReadVariable) continue;
    if (std::ranges::find(op.inputs, v.before) == op.inputs.end()) continue;
    throw Error(Exit::kUnsupported, g.name + ": variable \"" + v.name +
                                        "\" of " + op_name(op.kind) +
                                        " is not written yet");
  }
}

}  // namespace

void write_variables(const Graph& g, RawModel& raw, MadeConstants& made) {
  if (g.variables.empty()) return;
  RawSubgraph first;
  for (const Variable& v : g.variables) {
    check_readers(g, v);
    RawTensor& before = raw.tensors[static_cast<size_t>(v.before)];
    RawTensor initial = before;
    initial.name += ":initial";
    initial.buffer = static_cast<uint32_t>(raw.buffers.size());
    made.push_back(initial_bytes(g, v));
    raw.buffers.emplace_back(made.back());
    before = resource(before.name);
    raw.ops.push_back(handle_of(v, v.before));
    const auto t = static_cast<int>(first.tensors.size());
    first.tensors.push_back(before);
    first.tensors.push_back(std::move(initial));
    first.ops.push_back(handle_of(v, t));
    first.ops.push_back(made_op(kAssignVariableCode,
                                OptionsCode::kAssignVariable, {t, t + 1}, {}));
    if (v.after == v.before) continue;
    raw.ops.push_back(made_op(kAssignVariableCode, OptionsCode::kAssignVariable,
                              {v.before, v.after}, {}));
  }
  raw.subgraphs.push_back(std::move(first));
  raw.ops.push_back(made_op(kCallOnceCode, OptionsCode::kCallOnce, {}, {}));
  raw.ops.back().options.subgraph = static_cast<int>(raw.subgraphs.size());
}

void order_variables(RawModel& raw) {
  const auto is = [](int code) {
    return [code](const RawOp& op) { return op.code == code; };
  };
  std::stable_partition(raw.ops.begin(), raw.ops.end(), is(kVarHandleCode));
  std::stable_partition(raw.ops.begin(), raw.ops.end(), is(kCallOnceCode));
}

}  // namespace shoal
