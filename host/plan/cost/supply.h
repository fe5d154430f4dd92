// The place of a layer's weights, and an estimate of their cost, for searches
// that compare thousands of cuts and bands before firings have an order. feed.h
// has the time that a stage really takes.
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

// Returns, by layer, whether its weights are read from storage; none are if all
// fit in `flash` bytes. Equal weights count once. The layers that compute least
// per byte stay in flash, because they would wait for storage. `faster`: also
// no layer stays that gets its weights sooner from storage, while the core
// computes, than from flash.
std::vector<bool> streamed_layers(const Net&, int64_t flash, const Supply&,
                                  bool faster);
// Returns the bytes of a layer that is executed in place: with its tag,
// aligned.
int64_t flash_bytes(const Layer&);
// Returns the bytes of all layers; weights that several layers have count once.
int64_t flash_bytes(const Net&);

}  // namespace shoal
