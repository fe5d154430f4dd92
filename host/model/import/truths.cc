// Truth values that something computes with as float32: a SELECT_V2 of 1 and 0
// instead of a CAST. Other CAST keep the bytes.
#include <cstring>

#include "host/model/import/raw_passes.h"

namespace shoal {
namespace {

int real_constant(RawModel& raw, MadeBytes& made, float value,
                  const char* name) {
  std::vector<uint8_t>& bytes = made.emplace_back(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  RawTensor constant;
  constant.name = name;
  constant.type = kCodeFloat32;
  constant.shape = {1};
  constant.buffer = static_cast<uint32_t>(raw.buffers.size());
  raw.buffers.emplace_back(bytes);
  raw.tensors.push_back(std::move(constant));
  return static_cast<int>(raw.tensors.size()) - 1;
}

}  // namespace

void choose_by_truths(RawModel& raw, MadeBytes& made) {
  std::set<int> read;
  for (const RawOp& op : raw.ops) {
    read.insert(op.inputs.begin(), op.inputs.end());
  }
  const auto type = [&raw](int t) {
    return raw.tensors[static_cast<size_t>(t)].type;
  };
  int one = -1, zero = -1;
  for (RawOp& op : raw.ops) {
    if (!is_kind(op, OpKind::kCast) || op.inputs.size() != 1 ||
        op.outputs.size() != 1 || op.inputs[0] < 0 || op.outputs[0] < 0 ||
        type(op.inputs[0]) != kCodeBool ||
        type(op.outputs[0]) != kCodeFloat32 || !read.contains(op.outputs[0])) {
      continue;
    }
    if (one < 0) {
      one = real_constant(raw, made, 1, "true");
      zero = real_constant(raw, made, 0, "false");
    }
    op.code = op_info(OpKind::kSelectV2).code;
    op.options = {};
    op.options.code = static_cast<int>(op_info(OpKind::kSelectV2).options);
    op.inputs = {op.inputs[0], one, zero};
  }
}

}  // namespace shoal
