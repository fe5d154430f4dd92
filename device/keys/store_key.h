// The key of a node's store.
#pragma once

#include "device/program/vault.h"

namespace shoal {

// HKDF-SHA256 (RFC 5869), salt = store_id, info = "shoal store", then
// generation and node in little-endian order.
void derive_store_key(const uint8_t node_key[kStoreKeyBytes],
                      const uint8_t store_id[kStoreIdBytes],
                      uint64_t generation, uint16_t node,
                      uint8_t out[kStoreKeyBytes]);

}  // namespace shoal
