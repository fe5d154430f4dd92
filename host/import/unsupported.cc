// Everything that cannot run, listed before anything else is looked at.
#include <algorithm>
#include <cstddef>
#include <set>

#include "host/import/op_reader.h"

namespace shoal {
namespace {

constexpr int kQuantizeCode = 114;
constexpr int kDequantizeCode = 6;

bool is_float(const RawModel& raw, int tensor) {
  return tensor >= 0 &&
         raw.tensors[static_cast<size_t>(tensor)].type == kCodeFloat32;
}

const char* odd_type(int code) {
  constexpr const char* kNames[] = {
      nullptr,  "FLOAT16",  nullptr,     nullptr,  "INT64",   "STRING",
      "BOOL",   "INT16",    "COMPLEX64", nullptr,  "FLOAT64", "COMPLEX128",
      "UINT64", "RESOURCE", "VARIANT",   "UINT32", "UINT16",  "INT4"};
  if (code < 0 || static_cast<size_t>(code) >= std::size(kNames)) {
    return "an unknown type";
  }
  return kNames[code];
}

bool contains(const std::vector<int>& list, int value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// float32 comes in through QUANTIZE of a model input and leaves through
// DEQUANTIZE; anything else computes with it.
bool computes_in_float(const RawModel& raw, const RawOp& op) {
  for (const int t : op.inputs) {
    if (!is_float(raw, t)) continue;
    if (op.code != kQuantizeCode || !contains(raw.inputs, t)) return true;
  }
  for (const int t : op.outputs) {
    if (is_float(raw, t) && op.code != kDequantizeCode) return true;
  }
  return false;
}

// The operators with a tensor of a type that shoal has not, one line each.
const char* odd_operand(const RawModel& raw, const RawOp& op) {
  for (const auto* list : {&op.inputs, &op.outputs}) {
    for (const int t : *list) {
      if (t < 0) continue;
      const char* name = odd_type(raw.tensors[static_cast<size_t>(t)].type);
      if (name != nullptr) return name;
    }
  }
  return nullptr;
}

std::string float_line(const RawModel& raw, const std::vector<int>& ops) {
  constexpr size_t kShown = 3;
  std::string line;
  for (size_t i = 0; i < std::min(ops.size(), kShown); ++i) {
    line += (i > 0 ? ", " : "") + op_title(raw, ops[i]);
  }
  if (ops.size() > kShown) {
    line += text(" and ", ops.size() - kShown, " more");
  }
  return line + (ops.size() > 1 ? ": compute" : ": computes") +
         " in float32, only int8 is computed";
}

// Inputs and outputs are int8 (or uint8), or float32 that a QUANTIZE reads or
// a DEQUANTIZE makes.
void list_end(const RawModel& raw, const char* what, int tensor,
              const std::set<int>& converted, const char* converter,
              std::vector<std::string>& lines) {
  const int type = raw.tensors[static_cast<size_t>(tensor)].type;
  if (type == kCodeInt8 || type == kCodeUint8) return;
  const std::string title = text(what, " ", tensor_title(raw, tensor));
  if (type != kCodeFloat32) {
    lines.push_back(title + ": is neither int8, uint8 nor float32");
  } else if (!converted.contains(tensor)) {
    lines.push_back(text(title, ": is float32 and no ", converter));
  }
}

void list_ends(const RawModel& raw, std::vector<std::string>& lines) {
  std::set<int> quantized, made;
  for (const RawOp& op : raw.ops) {
    if (op.code == kQuantizeCode) {
      quantized.insert(op.inputs.begin(), op.inputs.end());
    }
    made.insert(op.outputs.begin(), op.outputs.end());
  }
  for (const int t : raw.inputs) {
    list_end(raw, "model input", t, quantized, "QUANTIZE reads it", lines);
  }
  for (const int t : raw.outputs) {
    list_end(raw, "model output", t, made, "DEQUANTIZE makes it", lines);
  }
}

}  // namespace

std::vector<std::string> list_unsupported(const RawModel& raw, bool& floats) {
  std::vector<std::string> lines;
  std::vector<int> float_ops;
  for (size_t i = 0; i < raw.ops.size(); ++i) {
    const RawOp& op = raw.ops[i];
    const int number = static_cast<int>(i);
    if (find_op(op.code) == nullptr) {
      lines.push_back(op_title(raw, number) + ": " + replacement(op.code));
    } else if (computes_in_float(raw, op)) {
      float_ops.push_back(number);
    } else if (const char* type = odd_operand(raw, op)) {
      lines.push_back(op_title(raw, number) + ": has an operand of type " +
                      type + ", only int8 is computed");
    }
  }
  floats = !float_ops.empty();
  if (floats) lines.push_back(float_line(raw, float_ops));
  if (lines.empty()) list_ends(raw, lines);
  return lines;
}

}  // namespace shoal
