// .tflite -> Graph. The file is hostile until every check here has passed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "host/graph/graph.h"

namespace shoal {

// Throws Error: kCorrupt for what is no legal model (with the layer and the
// reason), kUnsupported with all unsupported operators at once.
Graph import_tflite(std::span<const uint8_t> file, const std::string& name);

// Reads and imports; kUsage if there is no such file.
Graph load_model(const std::string& path);

}  // namespace shoal
