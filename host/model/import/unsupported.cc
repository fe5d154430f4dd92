// Everything that cannot run, listed before anything else is looked at.
#include <algorithm>
#include <cstddef>
#include <set>
#include <string_view>

#include "host/model/import/op_reader.h"
#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

constexpr int kQuantizeCode = 114;
constexpr int kDequantizeCode = 6;
constexpr int kCastCode = 53;

bool is_type(const RawModel& raw, int tensor,
             std::initializer_list<int> codes) {
  return tensor >= 0 &&
         std::count(codes.begin(), codes.end(),
                    raw.tensors[static_cast<size_t>(tensor)].type) > 0;
}

bool is_float(const RawModel& raw, int tensor) {
  return is_type(raw, tensor, {kCodeFloat32});
}

const char* odd_type(int code) {
  constexpr const char* kNames[] = {
      nullptr,  "FLOAT16",  nullptr,     nullptr,  nullptr,   "STRING",
      nullptr,  "INT16",    "COMPLEX64", nullptr,  "FLOAT64", "COMPLEX128",
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
  if (op.code == kCastCode) return false;
  for (const int t : op.inputs) {
    if (!is_float(raw, t)) continue;
    if (op.code != kQuantizeCode || !contains(raw.inputs, t)) return true;
  }
  for (const int t : op.outputs) {
    if (is_float(raw, t) && op.code != kDequantizeCode) return true;
  }
  return false;
}

// Returns whether the operator's weights may have four bits.
bool takes_int4(const RawOp& op) {
  return is_kind(op, OpKind::kConv2d) ||
         is_kind(op, OpKind::kDepthwiseConv2d) ||
         is_kind(op, OpKind::kFullyConnected);
}

// The operators with a tensor of a type that shoal has not, one line each.
const char* odd_operand(const RawModel& raw, const RawOp& op) {
  for (const auto* list : {&op.inputs, &op.outputs}) {
    for (const int t : *list) {
      if (t < 0) continue;
      const int type = raw.tensors[static_cast<size_t>(t)].type;
      const char* name = odd_type(type);
      if (type == kCodeInt16 && computes_int16(find_op(op.code)->kind)) {
        continue;
      }
      if (name != nullptr) return name;
    }
  }
  for (size_t i = 0; i < op.inputs.size(); ++i) {
    const int t = op.inputs[i];
    if (t < 0 || !raw.tensors[static_cast<size_t>(t)].int4) continue;
    if (i != 1 || !takes_int4(op)) return odd_type(kCodeInt4);
  }
  return nullptr;
}

bool has_bytes(const RawModel& raw, const RawOp& op) {
  const auto is_byte = [&raw](int t) {
    return is_type(raw, t, {kCodeInt8, kCodeUint8, kCodeInt16});
  };
  return std::any_of(op.inputs.begin(), op.inputs.end(), is_byte) ||
         std::any_of(op.outputs.begin(), op.outputs.end(), is_byte);
}

// "op 0 CONV_2D "a", op 1 ADD "b" and 7 more".
std::string titles(const RawModel& raw, const std::vector<int>& ops) {
  constexpr size_t kShown = 3;
  std::string line;
  for (size_t i = 0; i < std::min(ops.size(), kShown); ++i) {
    line += (i > 0 ? ", " : "") + op_title(raw, ops[i]);
  }
  if (ops.size() > kShown) {
    line += text(" and ", ops.size() - kShown, " more");
  }
  return line;
}

std::string title(const RawModel& raw, const std::vector<int>& ops,
                  const char* verb) {
  return titles(raw, ops) + ": " + verb + (ops.size() > 1 ? "" : "s");
}

// The operators, by the type in which they compute.
struct Kinds {
  std::vector<int> floats;   // float32
  std::vector<int> bytes;    // int8 or uint8
  std::vector<int> hybrids;  // float32, with weights of bytes
};

void list_kinds(const RawModel& raw, const Kinds& kinds, TypeSurvey& out) {
  out.floats = !kinds.floats.empty();
  if (!out.floats || (kinds.bytes.empty() && kinds.hybrids.empty())) return;
  const bool fewer = kinds.bytes.size() < kinds.floats.size();
  std::vector<int> odd = fewer ? kinds.bytes : kinds.floats;
  if (odd.empty()) odd = kinds.hybrids;
  out.lines.push_back(title(raw, odd, "compute") +
                      (fewer ? " in int8, other operators in float32"
                             : " in float32, other operators in int8"));
  out.ops.insert(odd.begin(), odd.end());
  out.fix =
      "export the model in float32 throughout, then shoal quantize it; or "
      "export it in int8 throughout";
}

// Inputs and outputs are int8 (or uint8), or float32 that a QUANTIZE reads or
// a DEQUANTIZE makes; of a model that computes in float32 they are that.
void list_end(const RawModel& raw, const char* what, int tensor,
              const std::set<int>& converted, const char* converter,
              TypeSurvey& out) {
  const std::string title = text(what, " ", tensor_title(raw, tensor));
  if (out.floats) {
    if (!is_float(raw, tensor)) out.lines.push_back(title + ": is not float32");
  } else if (is_float(raw, tensor)) {
    if (converted.contains(tensor)) return;
    out.lines.push_back(text(title, ": is float32 and no ", converter));
  } else if (!is_type(raw, tensor, {kCodeInt8, kCodeUint8, kCodeInt16})) {
    out.lines.push_back(title + ": is neither int8, uint8, int16 nor float32");
  }
}

void list_ends(const RawModel& raw, TypeSurvey& out) {
  std::set<int> quantized, made;
  for (const RawOp& op : raw.ops) {
    if (op.code == kQuantizeCode) {
      quantized.insert(op.inputs.begin(), op.inputs.end());
    }
    made.insert(op.outputs.begin(), op.outputs.end());
  }
  for (const int t : raw.inputs) {
    list_end(raw, "model input", t, quantized, "QUANTIZE reads it", out);
  }
  for (const int t : raw.outputs) {
    const bool numbers = is_type(raw, t, {kCodeInt32, kCodeInt64, kCodeBool});
    if (numbers && (made.contains(t) || are_output_numbers(raw, t))) continue;
    list_end(raw, "model output", t, made, "DEQUANTIZE makes it", out);
  }
}

// The tensor of an operator that lives longer than a frame; -1: none.
int variable_of(const RawModel& raw, const RawOp& op) {
  for (const auto* list : {&op.inputs, &op.outputs}) {
    for (const int t : *list) {
      if (t >= 0 && raw.tensors[static_cast<size_t>(t)].variable) return t;
    }
  }
  return -1;
}

// Operators and why they are refused; those of one name and one reason are
// one line.
class Refusals {
 public:
  void add(int op, std::string reason) {
    found_.push_back({op, std::move(reason)});
  }

  void list(const RawModel& raw, TypeSurvey& out) const {
    std::vector<std::pair<std::string, std::vector<int>>> groups;
    for (const Found& f : found_) {
      const RawOp& op = raw.ops[static_cast<size_t>(f.op)];
      const std::string key =
          builtin_name(op.code) + " " + op.custom + ": " + f.reason;
      const auto known = std::ranges::find(
          groups, key, [](const auto& group) { return group.first; });
      if (known == groups.end()) {
        groups.push_back({key, {f.op}});
      } else {
        known->second.push_back(f.op);
      }
      out.ops.insert(f.op);
    }
    for (const auto& [key, ops] : groups) {
      out.lines.push_back(titles(raw, ops) + key.substr(key.find(": ")));
    }
  }

 private:
  struct Found {
    int op;
    std::string reason;
  };
  std::vector<Found> found_;
};

}  // namespace

TypeSurvey survey(const RawModel& raw) {
  TypeSurvey out;
  Kinds kinds;
  Refusals refusals;
  for (size_t i = 0; i < raw.ops.size(); ++i) {
    const RawOp& op = raw.ops[i];
    const int number = static_cast<int>(i);
    if (find_op(op.code) == nullptr) {
      refusals.add(number, replacement(op.code));
    } else if (const char* type = odd_operand(raw, op)) {
      const bool int16 = std::string_view(type) == "INT16";
      refusals.add(number, std::string("has an operand of type ") + type +
                               (int16 ? ", it is computed in int8 and float32; "
                                        "put a QUANTIZE to int8 before it"
                                      : ", only int8, int16 and float32 are "
                                        "computed"));
    } else if (const int t = variable_of(raw, op); t >= 0) {
      refusals.add(number,
                   "keeps " + tensor_title(raw, t) + " from frame to frame");
    } else if (op.in_function) {
      continue;
    } else if (computes_in_float(raw, op)) {
      const bool converts =
          op.code == kQuantizeCode || op.code == kDequantizeCode;
      kinds.floats.push_back(number);
      if (has_bytes(raw, op)) {
        (converts ? kinds.bytes : kinds.hybrids).push_back(number);
      }
    } else if (has_bytes(raw, op)) {
      kinds.bytes.push_back(number);
    }
  }
  refusals.list(raw, out);
  list_kinds(raw, kinds, out);
  if (out.lines.empty()) list_ends(raw, out);
  return out;
}

}  // namespace shoal
