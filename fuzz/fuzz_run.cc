// Any bytes as a model, and all that a user would do with it: an error with
// its exit code, or a run under the plan that equals the oracle's at every
// layer. The file's size chooses the objective.
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "fuzz/use_graph.h"
#include "host/base/error.h"
#include "host/model/import/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    shoal::fuzzing::use(
        shoal::import_tflite({bytes, size}, "fuzz"),
        size % 2 == 0 ? shoal::Objective::kLatency : shoal::Objective::kRam);
  } catch (const shoal::Error& error) {
    if (error.code() != shoal::Exit::kCorrupt &&
        error.code() != shoal::Exit::kUnsupported &&
        error.code() != shoal::Exit::kDoesNotFit) {
      std::fprintf(stderr, "%s\n", error.what());
      __builtin_trap();
    }
  }
  return 0;
}
