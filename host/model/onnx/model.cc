#include "host/model/onnx/model.h"

#include <cstring>
#include <iterator>

#include "host/model/onnx/onnx.h"

namespace shoal {
namespace onnx_import {

bool OnnxTensor::readable() const {
  switch (type) {
    case kOnnxFloat:
    case kOnnxDouble:
    case kOnnxInt32:
    case kOnnxInt64:
    case kOnnxBool:
    case kOnnxInt8:
    case kOnnxUint8:
      return true;
    default:
      return false;
  }
}

int64_t OnnxTensor::count() const {
  int64_t total = 1;
  for (const int64_t d : dims) total *= d;
  return total;
}

const char* onnx_type_name(int type) {
  constexpr const char* kNames[] = {
      "UNDEFINED", "FLOAT",  "UINT8",     "INT8",       "UINT16",  "INT16",
      "INT32",     "INT64",  "STRING",    "BOOL",       "FLOAT16", "DOUBLE",
      "UINT32",    "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
  if (type < 0 || static_cast<size_t>(type) >= std::size(kNames)) {
    return "an unknown type";
  }
  return kNames[type];
}

}  // namespace onnx_import

// The first field of a ModelProto is one of its own, and a .tflite has its
// identifier behind the first word, which is the place of its root.
bool is_onnx(std::span<const uint8_t> file) {
  if (file.size() < 2) return false;
  uint32_t root = 0;
  if (file.size() >= 8) std::memcpy(&root, file.data(), sizeof root);
  if (root != 0 && root < file.size() &&
      std::memcmp(file.data() + 4, "TFL3", 4) == 0) {
    return false;
  }
  constexpr uint8_t kVersionTag = 0x08, kModelVersionTag = 0x28;
  if (file[0] == kVersionTag || file[0] == kModelVersionTag) return true;
  constexpr uint8_t kTags[] = {0x12, 0x1a, 0x22, 0x32, 0x3a, 0x42, 0x72};
  return std::memchr(kTags, file[0], sizeof(kTags)) != nullptr;
}

}  // namespace shoal
