// The place of a layer's weights, and an estimate of their cost, for searches
// that compare thousands of cuts and bands before firings have an order. feed.h
// has the time that a stage really takes.
#pragma once

#include <cstdint>
#include <functional>
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

// Returns the bytes in storage of the weights with which a node makes this box:
// with their tag.
int64_t share_bytes(const Layer&, const Box& made);
// Returns the bytes in flash of the weights with which a node makes these boxes
// of all layers. Equal weights of equal output channels count once.
int64_t flash_bytes(const Net&, const std::vector<Box>& made);
// Returns, by layer, whether these weights are read from storage, because not
// all fit in `flash` bytes. The layers that compute least per byte stay there:
// they would wait for storage. `faster`: no layer stays that gets its weights
// sooner from this storage, while the core computes; null: all may.
std::vector<bool> streamed_layers(
    const Net&, const std::vector<Box>& made, int64_t flash,
    const std::function<double(int)>& compute_per_byte,
    const Supply* faster = nullptr);
// Returns the bytes of a layer that is executed in place: with its tag,
// aligned.
int64_t flash_bytes(const Layer&);
// Returns the bytes of all layers; weights that several layers have count once.
int64_t flash_bytes(const Net&);

}  // namespace shoal
