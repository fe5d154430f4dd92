// Any bytes as a .npy file: as many values as its shape says, which are read
// again the same after they were written, or an Error.
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/array/npy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const shoal::Array a = shoal::parse_npy({bytes, size}, "fuzz");
    const int64_t count = shoal::value_count(a);
    if (count > 0) shoal::value_at(a, count - 1);
    const shoal::Array again = shoal::parse_npy(shoal::format_npy(a), "again");
    if (again.type != a.type || again.shape != a.shape ||
        again.bytes != a.bytes) {
      __builtin_trap();
    }
  } catch (const shoal::Error& error) {
    if (error.code() == shoal::Exit::kInternal) __builtin_trap();
  }
  return 0;
}
