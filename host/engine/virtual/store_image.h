// A node's image as it lies in flash and storage, sealed or not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/base/shared_key.h"
#include "host/engine/common/prepare.h"
#include "host/engine/virtual/simulate_cluster.h"

namespace shoal {

// `key`: the node's, 32 bytes; null: not sealed.
std::vector<uint8_t> store_image(const Net&, const Plan&, int node,
                                 const uint8_t* key);

// Gives every node of a cluster whose store is sealed a key, and the image that
// it opens. `key`: for the first node; the others' are made from the seed.
void seal_stores(Prepared&, uint64_t seed, SimOptions&,
                 const std::optional<SharedKey>& key = {});

}  // namespace shoal
