// Reads figures of a TOML file within their ranges. Heavy, as toml_reader.h is.
#pragma once

#include <optional>

#include "host/base/toml_reader.h"

namespace shoal {

// Returns the number of `key`, which figures.h has as `part` and the key.
// Nothing if it is missing; throws Error(kUsage) with the range if it is out of
// it.
std::optional<double> figure_of(TomlReader&, const char* key,
                                const char* part = "");

}  // namespace shoal
