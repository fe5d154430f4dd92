// The image for a node that is to start frames in the coordinator's place
// (device/agent/leader_image.h): its cluster, plans, a picture, names.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "host/engine/common/fallback_plans.h"
#include "host/engine/common/prepare.h"

namespace shoal {

struct LeaderFacts {
  std::span<const uint8_t> input;   // of the model, in the file's type
  std::vector<std::string> labels;  // of the classes; may be empty
  uint32_t every_ms = 0;            // 0: one frame
  std::vector<uint64_t> addresses;  // of the plan's nodes
  uint16_t lease_ms = 0;            // of these nodes
  // The plans for losses whose programs the nodes hold, by the node that is
  // lost; null or missing: there is none.
  Fallbacks fallbacks;
};

// `prepared` is linked. Throws Error(kUnsupported) unless the model has one
// input and one output of a byte an element, Error(kUsage) for an input of
// another size.
std::vector<uint8_t> leader_image(const Prepared&, const LeaderFacts&);

// Returns the bytes of the arena that a leader of this image takes.
uint32_t leader_arena_bytes(std::span<const uint8_t> image);

}  // namespace shoal
