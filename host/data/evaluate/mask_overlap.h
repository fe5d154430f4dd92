// Mean intersection over union of masks: of each class the pixels that are and
// were said, by those that are or were said, over all pictures together; the
// mean over the classes that are or were said anywhere. A pixel of the truth is
// compared with the place of the model's mask that it lies on.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "host/data/evaluate/class_map.h"
#include "host/data/image/picture.h"
#include "host/data/task/task.h"

namespace shoal {

constexpr int kIgnoredClass = 255;

// Pixels by the class that is right and the one that was said.
using MaskCounts = std::map<std::pair<int, int>, int64_t>;

// `input_width`, `input_height`: of the model, whose pixels lie in the picture
// as `placement` says. The truth has the picture's size. Pixels that the model
// does not see, and those of class 255, are passed over.
MaskCounts compare_mask(const ClassMap& truth, const HeadFindings& said,
                        int input_width, int input_height, const Placement&);

struct ClassOverlap {
  int64_t right = 0, truth = 0, said = 0;  // pixels
  int64_t either() const { return truth + said - right; }
  double overlap() const;  // 0 if there is none of either
};

struct MaskOverlap {
  std::vector<ClassOverlap> classes;
  int64_t frames = 0, pixels = 0, right = 0;
  double mean() const;
  int classes_seen() const;
};

MaskOverlap mask_overlap(const MaskCounts&, int64_t frames);

}  // namespace shoal
