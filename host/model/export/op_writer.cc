#include "host/model/export/op_writer.h"

#include <utility>

#include "host/base/error.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

// Attributes that are options as they are.
void write_attributes(const Op& op, Operands&, RawOp& raw) {
  if (const auto* fused = std::get_if<FusedAttr>(&op.attr)) {
    raw.options.activation = static_cast<int>(fused->activation);
  } else if (const auto* axis = std::get_if<AxisAttr>(&op.attr)) {
    raw.options.axis = axis->axis;
  } else if (const auto* block = std::get_if<BlockAttr>(&op.attr)) {
    raw.options.block = block->block;
  } else if (const auto* alpha = std::get_if<AlphaAttr>(&op.attr)) {
    raw.options.value = alpha->value;
  }
}

Write writer(OpKind kind) {
  for (const auto family : {window_writer, axes_writer, slice_writer}) {
    if (const Write write = family(kind)) return write;
  }
  return write_attributes;
}

}  // namespace

RawOp made_op(int code, OptionsCode options, std::vector<int> inputs,
              std::vector<int> outputs) {
  RawOp op;
  op.code = code;
  op.options.code = static_cast<int>(options);
  op.inputs = std::move(inputs);
  op.outputs = std::move(outputs);
  return op;
}

std::string operand_name(const Operands& operands, const Op& op,
                         const char* what) {
  return operands.tensor(op.outputs[0]).name + '/' + what;
}

const Shape& input_shape(const Operands& operands, const Op& op, int input) {
  return operands.tensor(op.inputs[static_cast<size_t>(input)]).shape;
}

const Shape& output_shape(const Operands& operands, const Op& op) {
  return operands.tensor(op.outputs[0]).shape;
}

RawOp write_op(const Graph& graph, int number, Operands& operands) {
  const Op& op = graph.ops[static_cast<size_t>(number)];
  const OpInfo& info = op_info(op.kind);
  RawOp raw;
  raw.code = info.code;
  raw.inputs = op.inputs;
  raw.outputs = op.outputs;
  raw.options.code = static_cast<int>(info.options);
  try {
    writer(op.kind)(op, operands, raw);
  } catch (const Error& error) {
    throw Error(error.code(),
                graph.name + ": op " + std::to_string(number) + ' ' +
                    op_name(op.kind) + " \"" +
                    operands.tensor(op.outputs[0]).name + "\": " + error.what(),
                error.fix());
  }
  raw.version = op_version(graph, op, raw);
  return raw;
}

}  // namespace shoal
