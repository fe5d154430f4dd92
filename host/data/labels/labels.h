// Names of classes: a file of one a line, or what lies in a model's own file.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal {

// Throws Error(kCorrupt) for what is no list of labels; `name` is the file's.
std::vector<std::string> parse_labels(std::span<const uint8_t>,
                                      const std::string& name);

// TensorFlow Lite's metadata tools append a .zip of files to the model: the
// labels of its only .txt, or of the only one that is called so. None if there
// is no such file, or a broken one: a model need not have it.
struct LabelsInside {
  std::string name;  // in the .zip
  std::vector<std::string> labels;
};
LabelsInside labels_inside(std::span<const uint8_t> model);

}  // namespace shoal
