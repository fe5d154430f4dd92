// Scores of a classifier, for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/model/graph/graph.h"

namespace shoal {

struct Class {
  int index = 0;
  std::string label;
  double score = 0;
};

// One label a line; none for an empty path.
std::vector<std::string> read_labels(const std::string& path);
// Those in a .tflite file, where its metadata has some; says so.
std::vector<std::string> model_labels(const std::string& path);

// The `count` elements of the first output with the largest values. `output`:
// all outputs in the file's types.
std::vector<Class> best_classes(const Graph&,
                                const std::vector<uint8_t>& output,
                                const std::vector<std::string>& labels,
                                int count);
void print_classes(const std::vector<Class>&);

}  // namespace shoal
