// Where a layer's weights come from, and what that costs by estimate: for the
// searches, which compare thousands of cuts and bands before there is an order
// of firings. What a stage really takes is in feed.h.
#pragma once

#include <cstdint>
#include <vector>

#include "host/plan/cost/feed.h"
#include "host/plan/types/uses.h"

namespace shoal {

// The place of a layer's weights as they are planned.
struct LayerSupply {
  WeightPlace place = WeightPlace::kMapped;
  uint32_t chunk_limit = 0;  // of a tape
};

// Returns the core's time, or the time to read all that its firings ask for,
// whichever is more: they overlap.
int64_t supplied_ps(const Net&, int layer, LayerWork, const Supply&,
                    LayerSupply);

// Returns the layers whose weights are read from storage, by layer: none if all
// fit in `flash` bytes. Equal weights count once. Else those stay in flash that
// compute least for a byte, and so would wait for it. `faster`: and none that
// the core gets sooner from storage, in the time that it computes, than from
// flash.
std::vector<bool> streamed_layers(const Net&, int64_t flash, const Supply&,
                                  bool faster);
// Returns the bytes of a layer that is executed in place: with its tag,
// aligned.
int64_t flash_bytes(const Layer&);
// Returns the bytes of all layers; weights that several layers have count once.
int64_t flash_bytes(const Net&);

}  // namespace shoal
