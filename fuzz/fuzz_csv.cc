// Any bytes as a table of numbers: as many values as its rows and columns say,
// or an Error.
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "host/base/error.h"
#include "host/data/csv/csv.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  try {
    const shoal::CsvTable t = shoal::parse_csv({bytes, size}, "fuzz");
    const auto values = static_cast<size_t>(t.rows * t.columns);
    if (t.values.size() != values || values == 0) __builtin_trap();
    if (!t.labels.empty() && t.labels.size() != static_cast<size_t>(t.rows)) {
      __builtin_trap();
    }
    for (const double v : t.values) {
      if (!std::isfinite(v)) __builtin_trap();
    }
  } catch (const shoal::Error& error) {
    if (error.code() != shoal::Exit::kCorrupt) __builtin_trap();
  }
  return 0;
}
