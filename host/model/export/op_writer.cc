#include "host/model/export/op_writer.h"

#include "host/base/error.h"
#include "host/model/tflite/op_table.h"

namespace shoal {
namespace {

void write_operands(const Op& op, Operands& operands, RawOp& raw) {
  switch (op.kind) {
    case OpKind::kConv2d:
    case OpKind::kDepthwiseConv2d:
    case OpKind::kTransposeConv:
    case OpKind::kFullyConnected:
    case OpKind::kAveragePool2d:
    case OpKind::kMaxPool2d:
      return write_window(op, operands, raw);
    case OpKind::kSlice:
    case OpKind::kStridedSlice:
      return write_slice(op, operands, raw);
    default:
      return write_axes(op, operands, raw);
  }
}

}  // namespace

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
    write_operands(op, operands, raw);
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
