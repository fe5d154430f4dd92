// A small SSD detector that ends in TFLite_Detection_PostProcess: 32 x 32
// pixels, 16 + 4 candidates, two classes and the background.
#pragma once

#include <cstdint>
#include <vector>

#include "host/model/graph/detection.h"
#include "host/model/import/testing/model_builder.h"

namespace shoal {

constexpr int kDetectorCandidates = 20;

// Settings and anchors that the file gets.
DetectionOp detector_settings();

// `rescaled`: of kUint8 boxes are joined from two scales that no QUANTIZE turns
// into the result's.
ModelBuilder detector(Type = Type::kInt8,
                      const DetectionOp& = detector_settings(),
                      bool rescaled = false);

}  // namespace shoal
