// Any bytes as an IDX file, plain or zipped: as many values as its dimensions
// say, or an Error.
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/dataset/idx.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const shoal::Idx idx = shoal::parse_idx({bytes, size}, "fuzz");
    size_t count = 1;
    for (const int64_t d : idx.dims) count *= static_cast<size_t>(d);
    if (idx.dims.empty() || idx.values.size() != count) __builtin_trap();
  } catch (const shoal::Error& error) {
    if (error.code() != shoal::Exit::kCorrupt) __builtin_trap();
  }
  return 0;
}
