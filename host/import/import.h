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

// What a command takes as MODEL: a file, or a network of the zoo
// ("zoo:vgg16"). kUsage if there is neither.
Graph load_model(const std::string& model);

}  // namespace shoal
