// Any bytes as a .npz archive: arrays of as many values as their shapes say,
// or an Error.
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/array/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    for (const auto& [name, a] : shoal::parse_npz({bytes, size}, "fuzz")) {
      const int64_t count = shoal::value_count(a);
      if (count > 0) shoal::value_at(a, count - 1);
    }
  } catch (const shoal::Error& error) {
    if (error.code() == shoal::Exit::kInternal) __builtin_trap();
  }
  return 0;
}
