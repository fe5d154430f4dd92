// In place of reader.cc in a build without protobuf.
#include "host/base/error.h"
#include "host/model/onnx/model.h"

namespace shoal::onnx_import {

OnnxModel decode_onnx(std::span<const uint8_t>, const std::string& name,
                      const std::string&) {
  throw Error(Exit::kUnsupported,
              name + ": this shoal was built without ONNX (SHOAL_ONNX=OFF)",
              "give a .tflite file, or build shoal with libonnx-dev and "
              "libprotobuf-dev");
}

}  // namespace shoal::onnx_import
