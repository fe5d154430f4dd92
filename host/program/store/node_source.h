// Where a node on this computer has its program from: mapped flash, a storage
// or both. Nothing is owned; all of it must outlive the node.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "device/shoal.h"
#include "host/program/store/host_storage.h"

namespace shoal {

struct NodeSource {
  // The program part (or the whole image), 16-byte aligned; empty: head and
  // records are read from the storage.
  std::span<const uint8_t> mapped;
  HostStorage* storage = nullptr;
  const uint8_t* store_id = nullptr;  // 16 bytes; null: not asked
  const uint8_t* key = nullptr;       // the node's, 32 bytes; null: not sealed
  const shoal_spill_area* spill_area = nullptr;
  // Names of the net's layers, for messages.
  std::span<const std::string> layers;
  bool made_in_this_run = false;  // the program; else it comes from a store
  shoal_pair* pair = nullptr;     // null: one core
};

}  // namespace shoal
