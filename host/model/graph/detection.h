// The last operator of detectors that TensorFlow's object detection API
// exported, TFLite_Detection_PostProcess. It is no operator of a Graph: the
// network ends with what it reads, and who wants boxes computes it from the
// outputs (host/data/task/ssd.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal {

// The operand of a detection: an output of the graph, or outputs one after
// another that the file joins in a CONCATENATION of uint8 which rescales them.
// That is float arithmetic, and is computed behind the network too.
struct DetectionOperand {
  struct Part {
    int output = 0;
    float scale = 0;
    int zero = 0;  // of uint8
    bool operator==(const Part&) const = default;
  };
  std::vector<Part> parts;
  float scale = 0;  // of the join; 0: there is none, and one part
  int zero = 0;
  bool operator==(const DetectionOperand&) const = default;
};

struct DetectionOp {
  std::string name;  // of its first result, for messages
  DetectionOperand boxes, scores;
  int candidates = 0;       // rows of both
  int classes = 0;          // without the background
  int values = 4;           // columns of boxes; those from the fifth on: unread
  bool background = false;  // column 0 of scores is no class
  int most = 0;             // boxes at the end
  int classes_per_box = 1;  // at the end, of the fast suppression
  int most_of_class = 100;  // boxes, of the regular one
  bool regular = false;     // each class by itself, else all of them together
  float score = 0;          // of a candidate at least
  float overlap = 0;        // of two boxes of one thing, more than that
  float y_scale = 1, x_scale = 1, h_scale = 1, w_scale = 1;
  std::vector<float> anchors;  // of each candidate: centre y, x, height, width
  bool operator==(const DetectionOp&) const = default;
};

// Returns the first error of the operator, or nothing if all numbers are in
// their ranges and there are as many anchors as candidates. Computing it is
// then defined, whatever else the outputs hold.
std::optional<std::string> wrong_with(const DetectionOp&);

}  // namespace shoal
