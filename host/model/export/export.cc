#include "host/model/export/export.h"

#include <utility>

#include "host/base/error.h"
#include "host/model/export/functions.h"
#include "host/model/export/loops.h"
#include "host/model/export/op_writer.h"
#include "host/model/export/operands.h"
#include "host/model/export/variables.h"
#include "host/model/tflite/raw_model.h"

namespace shoal {
namespace {

// Offsets of the format are signed 32-bit numbers; tables need some of them.
constexpr int64_t kMaxConstants = (int64_t{1} << 31) - (int64_t{1} << 26);

bool shifted(const Tensor& t) {
  return t.type == Type::kInt8 && t.file_type == Type::kUint8;
}

// Two weights of four bits in a byte.
std::vector<uint8_t> packed(const std::vector<uint8_t>& weights) {
  std::vector<uint8_t> out((weights.size() + 1) / 2);
  for (size_t i = 0; i < weights.size(); ++i) {
    const int nibble = weights[i] & 15;
    out[i / 2] |= static_cast<uint8_t>(i % 2 == 0 ? nibble : nibble << 4);
  }
  return out;
}

std::vector<RawOp> write_ops(Graph& graph) {
  Operands operands(graph);
  std::vector<RawOp> ops;
  for (size_t i = 0; i < graph.ops.size(); ++i) {
    ops.push_back(write_op(graph, static_cast<int>(i), operands));
  }
  return ops;
}

// The bytes that the file has. Buffer 0 is the empty one, of tensors that are
// not constant.
class TensorWriter {
 public:
  explicit TensorWriter(RawModel& raw) : raw_(raw) {
    raw_.buffers.emplace_back();
  }

  // Borrows the data of `t`, and changes them in place for uint8 and
  // int4.
  void write(Tensor& t) {
    RawTensor out;
    out.name = t.name;
    out.type = type_code(t.file_type);
    out.shape = t.shape;
    if (!is_bool(t)) out.scale = t.quant.scale;
    const int shift = shifted(t) ? 128 : 0;
    if (!is_bool(t)) {
      for (const int32_t zero : t.quant.zero) out.zero.push_back(zero + shift);
    }
    out.axis = t.quant.axis;
    if (t.constant) {
      if (shift != 0) {
        for (uint8_t& byte : t.data) byte ^= 0x80;
      }
      if (t.file_type == Type::kInt4) t.data = packed(t.data);
      out.buffer = static_cast<uint32_t>(raw_.buffers.size());
      raw_.buffers.emplace_back(t.data);
    }
    raw_.tensors.push_back(std::move(out));
  }

 private:
  RawModel& raw_;
};

void check_size(const Graph& graph) {
  int64_t bytes = 0;
  for (const Tensor& t : graph.tensors) {
    bytes += static_cast<int64_t>(t.data.size());
  }
  if (bytes > kMaxConstants) {
    throw Error(Exit::kUnsupported,
                graph.name + ": " + std::to_string(bytes) +
                    " bytes of constants do not fit a .tflite file of 2^31");
  }
}

}  // namespace

Graph with_operands(Graph graph) {
  write_ops(graph);
  return graph;
}

std::vector<uint8_t> export_tflite(const Graph& model) {
  check_size(model);
  Graph graph = with_steps_of_functions(model);
  RawModel raw;
  raw.ops = write_ops(graph);
  TensorWriter tensors(raw);
  for (Tensor& t : graph.tensors) tensors.write(t);
  raw.inputs = graph.inputs;
  raw.outputs = graph.outputs;
  raw.pixels = graph.pixels;
  MadeConstants made;
  write_variables(graph, raw, made);
  write_loops(graph, raw, made);
  order_variables(raw);
  raw.description = "shoal";
  raw.graph_name = "main";
  return encode(raw);
}

}  // namespace shoal
