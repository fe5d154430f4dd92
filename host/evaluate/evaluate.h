// Accuracy of a classifier over a data set.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal {

// What was counted; `confusion[truth * classes + said]`.
struct Accuracy {
  int64_t frames = 0, top1 = 0, top5 = 0;
  int classes = 0;
  std::vector<int64_t> confusion;
};

}  // namespace shoal
