// Any bytes at all: a legal graph or an Error, nothing else.
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/onnx/onnx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    shoal::import_onnx({bytes, size}, "fuzz");
  } catch (const shoal::Error& error) {
    // Nothing but the file is wrong here.
    if (error.code() != shoal::Exit::kCorrupt &&
        error.code() != shoal::Exit::kUnsupported) {
      __builtin_trap();
    }
  }
  return 0;
}
