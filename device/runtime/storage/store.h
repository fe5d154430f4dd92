// The store that weights, spills and the program's reader share: one storage,
// with the key of what lies in it.
#pragma once

#include "device/program/vault.h"
#include "device/runtime/node_state.h"
#include "device/runtime/storage/reader.h"

namespace shoal {

struct Store {
  Store(NodeState& n, const shoal_storage* storage)
      : node(n), reader(storage) {}
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  NodeState& node;
  Reader reader;
  uint8_t key[kStoreKeyBytes] = {};
};

}  // namespace shoal
