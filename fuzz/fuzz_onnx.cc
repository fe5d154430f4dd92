// Any bytes at all: a legal graph that runs, or an Error, nothing else.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "fuzz/use_graph.h"
#include "host/base/error.h"
#include "host/model/onnx/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    shoal::fuzzing::use(shoal::import_onnx({bytes, size}, "fuzz"),
                        shoal::Objective::kRam);
  } catch (const shoal::Error& error) {
    // Nothing but the file is wrong here.
    if (error.code() != shoal::Exit::kCorrupt &&
        error.code() != shoal::Exit::kUnsupported &&
        error.code() != shoal::Exit::kDoesNotFit) {
      std::fprintf(stderr, "%s\n", error.what());
      __builtin_trap();
    }
  }
  return 0;
}
