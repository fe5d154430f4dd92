#include "host/model/graph/require_int8.h"

#include "host/base/error.h"

namespace shoal {

void require_int8(const Graph& graph) {
  if (!is_float(graph)) return;
  throw Error(Exit::kUnsupported, graph.name + ": computes in float32",
              "quantize it: shoal quantize " + graph.name +
                  " --calibrate DIR -o int8.tflite");
}

}  // namespace shoal
