// Boxes that a detector found, and which of them are the same thing.
#pragma once

#include <vector>

namespace shoal {

struct ImagePoint {
  float x = 0, y = 0;
};

struct Detection {
  float left = 0, top = 0, right = 0, bottom = 0;  // pixels of the input
  int index = 0;                                   // of the class
  float score = 0;
  std::vector<ImagePoint> points = {};  // of the thing, such as eyes of a face
};

// Returns the intersection over union of the areas; 0 if they do not touch.
float intersection_over_union(const Detection&, const Detection&);

// Removes detections below `score`, and of two of one class that overlap by
// more than `overlap` the weaker one; at most `most` stay. The strongest come
// first; of equal ones the earlier.
std::vector<Detection> strongest(std::vector<Detection>, float score,
                                 float overlap, int most);

}  // namespace shoal
