// Node 0 of a checked plan on this computer: its program in memory if all of it
// lies in mapped flash, else in a store's files, from which it reads as it
// would on its board.
//
//   const LocalNode node(prepared, {.options = {.key = key}});
//   NodeRunner runner(p.graph, p.net, node.source(), node.arena_bytes());
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/base/temporary_folder.h"
#include "host/engine/common/prepare.h"
#include "host/program/store/open_store.h"
#include "host/program/store/write_store.h"

namespace shoal {

struct StoreSettings {
  std::string folder;  // empty: a temporary one, if there is need of a store
  StoreOptions options;
  // The lock of the folder; none: it is taken here, at once or not at all.
  std::optional<FileLock> owner = {};
};

class LocalNode {
 public:
  // Throws as write_store() and OpenStore do.
  LocalNode(const Prepared&, StoreSettings);
  LocalNode(const LocalNode&) = delete;
  LocalNode& operator=(const LocalNode&) = delete;

  NodeSource source() const;
  uint32_t arena_bytes() const { return arena_bytes_; }
  // Null: it reads nothing from storage.
  const FileStorage* storage() const { return store_ ? &store_->storage() : 0; }

 private:
  void write(const Prepared&, StoreSettings);

  const uint32_t arena_bytes_;
  std::vector<uint8_t> image_;
  std::optional<TemporaryFolder> temporary_;
  std::optional<FileLock> owner_;
  std::optional<StoreInfo> info_;
  std::optional<OpenStore> store_;
};

}  // namespace shoal
