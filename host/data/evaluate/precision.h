// Mean average precision of boxes, as COCO's own evaluation (pycocotools)
// defines it: boxes of a class and a picture are matched from the strongest to
// the weakest, each with the box of the truth that it overlaps most; precision
// is read at 101 recalls, of areas of any size; at ten overlaps, of which the
// mean is taken, then over the classes that the truth has. Crowds match any
// number of boxes and count for nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "host/data/task/overlap.h"

namespace shoal {

struct TruthBox {
  double left = 0, top = 0, right = 0, bottom = 0;  // pixels of the picture
  int index = 0;                                    // of the class
  bool crowd = false;
  bool operator==(const TruthBox&) const = default;
};

// The boxes of a picture; pictures in the order in which equal scores are to
// count.
struct FrameBoxes {
  std::vector<TruthBox> truth;
  std::vector<Detection> found;
};

constexpr int kOverlaps = 10;       // 0.5, 0.55 ... 0.95
constexpr size_t kMostFound = 100;  // boxes of a class in a picture

struct ClassPrecision {
  int64_t truth = 0;                   // boxes without crowds
  int64_t found = 0;                   // boxes that the model found
  std::array<double, kOverlaps> at{};  // average precision; 0 without truth
  double mean() const;
};

struct Precision {
  std::vector<ClassPrecision> classes;
  int64_t frames = 0, truth = 0, found = 0;
  // Return means over the classes that have truth; 0 if none has.
  double mean() const;              // mAP@[.5:.95]
  double at(size_t overlap) const;  // mAP@.5 is that of 0
  int classes_seen() const;
};

// Found boxes of classes that the truth has not are passed over, as are all of
// classes from `classes` on.
Precision average_precision(const std::vector<FrameBoxes>&, int classes);

}  // namespace shoal
