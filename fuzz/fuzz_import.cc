// Any bytes at all: a legal graph or an Error, nothing else. A legal graph,
// written and read again, is the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include "host/base/error.h"
#include "host/model/export/export.h"
#include "host/model/graph/difference.h"
#include "host/model/import/import.h"

namespace {

std::optional<shoal::Graph> legal_graph(const uint8_t* bytes, size_t size) {
  try {
    return shoal::import_tflite({bytes, size}, "fuzz");
  } catch (const shoal::Error& error) {
    // Nothing but the file is wrong here.
    if (error.code() != shoal::Exit::kCorrupt &&
        error.code() != shoal::Exit::kUnsupported &&
        error.code() != shoal::Exit::kDoesNotFit) {
      __builtin_trap();
    }
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::optional<shoal::Graph> graph = legal_graph(bytes, size);
  if (!graph) return 0;
  const std::string difference = shoal::graph_difference(
      shoal::import_tflite(shoal::export_tflite(*graph), "fuzz"),
      shoal::with_operands(*graph));
  if (!difference.empty()) {
    std::fprintf(stderr, "%s\n", difference.c_str());
    __builtin_trap();
  }
  return 0;
}
