// TFLite_Detection_PostProcess, as TensorFlow Lite's kernel defines it: boxes
// are decoded around anchors and those that overlap a stronger one go. In
// float, of dequantized outputs; of candidates with equal scores the first
// ones, of equal classes of a box too, which the kernel leaves open.
#pragma once

#include <span>
#include <vector>

#include "device/decode/ssd.h"
#include "host/data/task/overlap.h"
#include "host/model/graph/detection.h"

namespace shoal {

// Returns the operator as boards have it, with its anchors.
SsdSettings ssd_settings(const DetectionOp&);

// Returns the detections in the operator's order, in parts of the picture.
// `boxes` and `scores` have all candidates; `overlap` stands for the operator's
// own. Scores that are no numbers find nothing.
std::vector<Detection> post_process(const DetectionOp&,
                                    std::span<const float> boxes,
                                    std::span<const float> scores,
                                    float overlap);

}  // namespace shoal
