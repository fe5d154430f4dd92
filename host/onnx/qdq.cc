#include "host/onnx/qdq.h"

#include "host/base/error.h"

namespace shoal::onnx_import {

void quantize_graph(GraphBuilder& builder) {
  throw Error(Exit::kUnsupported, builder.graph().name + ": QDQ");
}

}  // namespace shoal::onnx_import
