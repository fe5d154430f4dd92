// The image for a node that is to start frames in the coordinator's place
// (device/agent/leader_image.h): a plan's ends of the streams, a picture,
// names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/engine/common/prepare.h"

namespace shoal {

struct LeaderFacts {
  std::span<const uint8_t> input;   // of the model, in the file's type
  std::vector<std::string> labels;  // of the classes; may be empty
  uint32_t every_ms = 0;            // 0: one frame
};

// `prepared` is linked. Throws Error(kUnsupported) unless the model has one
// input and one output of a byte an element, Error(kUsage) for an input of
// another size.
std::vector<uint8_t> leader_image(const Prepared&, const LeaderFacts&);

}  // namespace shoal
