// QuantizeLinear and DequantizeLinear: computed for constants, noted beside
// tensors otherwise; see qdq.h for what becomes of the notes.
#include <algorithm>
#include <cmath>
#include <set>

#include "host/model/graph/operators.h"
#include "host/model/onnx/call.h"

namespace shoal::onnx_import {
namespace {

struct Scales {
  Quantization quant;
  int type = kOnnxUint8;
};

// Since opset 21 a node may say the type of its bytes itself.
int checked_output(const OnnxCall& call, int type) {
  const int64_t said = call.integer("output_dtype", 0);
  if (said == 0 || call.type() != "QuantizeLinear") return type;
  call.require(!call.has(2) || said == type,
               text("output_dtype is ", onnx_type_name(static_cast<int>(said)),
                    ", the zero point is ", onnx_type_name(type)));
  return static_cast<int>(said);
}

Scales scales_of(OnnxCall& call, size_t rank) {
  call.expect_inputs(2, 3);
  Scales out;
  const std::vector<float>& scale = call.floats(1, "a scale");
  call.require(!scale.empty(), "has no scale");
  for (const float s : scale) {
    call.require(s > 0 && s <= 0x1p60f,
                 text("scale ", s, " is not a positive number up to 2^60"));
  }
  out.quant.scale = scale;
  out.quant.zero.assign(scale.size(), 0);
  if (call.has(2)) {
    const OnnxTensor& zero = call.constant(2, "a zero point");
    out.type = zero.type;
    const auto count = static_cast<size_t>(zero.count());
    call.require(count == scale.size(),
                 text(scale.size(), " scales and ", count, " zero points"));
    for (size_t i = 0; i < count; ++i) {
      out.quant.zero[i] =
          zero.type == kOnnxUint8  ? zero.bytes[i]
          : zero.type == kOnnxInt8 ? static_cast<int8_t>(zero.bytes[i])
          : zero.ints.empty()      ? 0
                                   : static_cast<int32_t>(zero.ints[i]);
    }
  }
  if (call.integer("block_size", 0) != 0) {
    call.unsupported("a scale for every block");
  }
  call.ignore({"axis", "saturate"});  // saturate: of float8 types
  out.type = checked_output(call, out.type);
  if (scale.size() > 1) {
    out.quant.axis = call.axis(call.integer("axis", 1), rank);
  }
  return out;
}

void check_bytes(const OnnxCall& call, int type) {
  if (type == kOnnxInt8 || type == kOnnxUint8) return;
  call.unsupported(text("a zero point of type ", onnx_type_name(type),
                        "; quantize to INT8 or UINT8"));
}

// The scale of each element of a constant.
size_t scale_of(const OnnxTensor& t, const Quantization& quant, size_t i) {
  if (quant.scale.size() == 1) return 0;
  size_t inner = 1;
  const auto axis = static_cast<size_t>(quant.axis);
  for (size_t a = axis + 1; a < t.dims.size(); ++a) {
    inner *= static_cast<size_t>(t.dims[a]);
  }
  return i / inner % static_cast<size_t>(t.dims[axis]);
}

void check_channels(const OnnxCall& call, const OnnxTensor& t,
                    const Quantization& quant) {
  const size_t scales = quant.scale.size();
  if (scales == 1) return;
  const int64_t channels = t.dims[static_cast<size_t>(quant.axis)];
  call.require(static_cast<int64_t>(scales) == channels,
               text(scales, " scales for ", channels, " channels"));
}

// Weights that the file keeps in float32 and rounds itself.
void quantize_constant(OnnxCall& call, const OnnxTensor& t) {
  call.floats(0, "a constant");
  const Scales s = scales_of(call, t.dims.size());
  check_channels(call, t, s.quant);
  check_bytes(call, s.type);
  const float low = s.type == kOnnxInt8 ? -128 : 0;
  OnnxTensor out;
  out.type = s.type;
  out.dims = t.dims;
  for (size_t i = 0; i < t.floats.size(); ++i) {
    const size_t c = scale_of(t, s.quant, i);
    const float v = std::nearbyint(t.floats[i] / s.quant.scale[c]) +
                    static_cast<float>(s.quant.zero[c]);
    call.require(!std::isnan(v), "a constant that is no number");
    out.bytes.push_back(
        static_cast<uint8_t>(static_cast<int>(std::clamp(v, low, low + 255))));
  }
  call.set_constant(0, std::move(out));
}

void dequantize_constant(OnnxCall& call, const OnnxTensor& t) {
  Scales s = scales_of(call, t.dims.size());
  check_channels(call, t, s.quant);
  call.require(!call.has(2) || s.type == t.type,
               text("a zero point of type ", onnx_type_name(s.type),
                    " for a constant of type ", onnx_type_name(t.type)));
  OnnxTensor out;
  out.dims = t.dims;
  if (t.type == kOnnxInt32) {
    out.ints = t.ints;
  } else if (t.type == kOnnxInt8 || t.type == kOnnxUint8) {
    for (const uint8_t b : t.bytes) {
      out.ints.push_back(t.type == kOnnxInt8 ? static_cast<int8_t>(b) : b);
    }
  } else {
    call.unsupported(text("a constant of type ", onnx_type_name(t.type)));
  }
  const int shift = t.type == kOnnxUint8 ? 128 : 0;
  for (size_t i = 0; i < out.ints.size(); ++i) {
    const size_t c = scale_of(t, s.quant, i);
    out.floats.push_back(static_cast<float>(out.ints[i] - s.quant.zero[c]) *
                         s.quant.scale[c]);
    out.ints[i] -= shift;
  }
  for (int32_t& zero : s.quant.zero) zero -= shift;
  out.quant = s.quant;
  call.set_constant(0, std::move(out));
}

// As the graph keeps it: uint8 less 128.
QuantNote note_of(OnnxCall& call, size_t rank) {
  Scales s = scales_of(call, rank);
  if (s.quant.scale.size() != 1) {
    call.unsupported(
        "scales per channel of a computed tensor; quantize activations with "
        "one scale, weights by channel (ONNX Runtime's per_channel does so)");
  }
  check_bytes(call, s.type);
  QuantNote note;
  note.type = s.type == kOnnxUint8 ? Type::kUint8 : Type::kInt8;
  if (s.type == kOnnxUint8) s.quant.zero[0] -= 128;
  note.quant = s.quant;
  return note;
}

bool same_note(const QuantNote& a, const QuantNote& b) {
  return a.quant.scale == b.quant.scale && a.quant.zero == b.quant.zero;
}

void quantize(OnnxCall& call) {
  const Value x = call.in(0);
  if (x.is_constant()) return quantize_constant(call, *x.constant);
  const QuantNote note = note_of(call, x.rank());
  if (!call.graph().noted(x.tensor) && !x.shared) {
    call.graph().note(x.tensor) = note;
    return call.set_output(0, x);
  }
  if (same_note(call.graph().note(x.tensor), note)) {
    return call.set_output(0, x);
  }
  const Value made = call.emit_like(OpKind::kQuantize, {x.tensor}, x);
  call.graph().note(made.tensor) = note;
  call.set_output(0, made);
}

// Bytes that an operator picked or moved have the scale of the bytes that it
// read. `seen`: tensors that were looked at.
void note_moved(GraphBuilder& graph, int tensor, std::set<int>& seen) {
  const Op* const op = graph.maker(tensor);
  if (graph.noted(tensor) || !op || !seen.insert(tensor).second ||
      op_info(op->kind).result < ResultBytes::kSameScale) {
    return;
  }
  const std::vector<int> operands = op->inputs;
  for (const int t : operands) {
    if (t < 0 || graph.at(t).constant) continue;
    note_moved(graph, t, seen);
    if (graph.noted(t)) graph.note(tensor) = graph.note(t);
  }
}

void dequantize(OnnxCall& call) {
  const Value x = call.in(0);
  if (x.is_constant()) return dequantize_constant(call, *x.constant);
  const QuantNote note = note_of(call, x.rank());
  std::set<int> seen;
  if (x.bytes) note_moved(call.graph(), x.tensor, seen);
  if (!call.graph().noted(x.tensor)) {
    call.graph().note(x.tensor) = note;
  } else if (call.has(2) && call.graph().note(x.tensor).type != note.type) {
    call.corrupt("a zero point of another type than the bytes");
  } else if (!same_note(call.graph().note(x.tensor), note)) {
    call.unsupported("other scales than those that made the bytes");
  }
  std::string& name = call.graph().note(x.tensor).real_name;
  if (name.empty()) name = call.output_name();
  call.set_output(0, x);
}

// Scales that follow from the values of a frame: nothing is rounded here, so
// the values stay what they are, in units of one.
void dynamic(OnnxCall& call) {
  call.expect_inputs(1, 1);
  Value x = call.data(0);
  OnnxTensor one, none;
  one.floats = {1};
  none.type = kOnnxUint8;
  none.bytes = {0};
  call.set_constant(1, std::move(one));
  call.set_constant(2, std::move(none));
  call.set_output(0, std::move(x));
}

}  // namespace

bool convert_quantization(OnnxCall& call) {
  if (call.type() == "DynamicQuantizeLinear") {
    dynamic(call);
    return true;
  }
  if (call.type() == "QuantizeLinear") {
    quantize(call);
  } else if (call.type() == "DequantizeLinear") {
    dequantize(call);
  } else {
    return false;
  }
  call.state().quantized = true;
  return true;
}

}  // namespace shoal::onnx_import
