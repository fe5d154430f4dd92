// Networks of the literature with their real shapes and sizes, made on the
// spot: seeded random int8 weights, one scale per channel, ranges that follow
// from the spread of the values, so that every layer's output uses its bytes.
// For studies of memory, storage and time, which do not ask what a picture
// shows. The same name gives the same graph on every machine.
//
//   Graph g = zoo_model("zoo:vgg16");      // 1 x 224 x 224 x 3
//   Graph h = zoo_model("zoo:vgg16@112");  // a picture of another size
//
// They end with their logits: 1000 classes share 256 steps of a SOFTMAX, so
// that its bytes would say next to nothing.
#pragma once

#include <string>

#include "host/model/graph/graph.h"

namespace shoal {

// Returns whether a MODEL is a name of the zoo: it begins with "zoo:".
bool is_zoo_name(const std::string& model);

// Throws what zoo_model() would for a wrong name, without making anything.
void check_zoo_name(const std::string& name);

// `name` with or without "zoo:" before it. Throws Error(kUsage), which lists
// the names or gives the sizes.
Graph zoo_model(const std::string& name);

}  // namespace shoal
