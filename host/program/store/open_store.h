// A node's store, opened to be run: everything that DIR/FILE.store and its
// directory say is checked against store.json, which is ours (by its tag)
// before any of it is believed.
//
//   const StoreInfo info = read_store_info(dir, key);
//   OpenStore store(dir, info, 0, key);
//   NodeRunner runner(info.graph, info.net, store.source(), ...);
//
// What it reads into memory is the program part of a node with mapped flash,
// and nothing else.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "device/storage/directory.h"
#include "host/base/file_lock.h"
#include "host/base/shared_key.h"
#include "host/program/store/file_storage.h"
#include "host/program/store/node_source.h"
#include "host/program/store/store_folder.h"
#include "host/program/store/store_info.h"

namespace shoal {

// Throws as parse_store_info() does; Error(kUsage) if there is no such folder.
StoreInfo read_store_info(const std::string& folder,
                          const std::optional<SharedKey>&);

// Returns the key of one node, made from the one that is kept.
SharedKey node_store_key(const SharedKey&, uint16_t node);

// A folder of stores to be run. What spills has one owner; what only reads
// shares the folder with others that do, and keeps it from being built again.
struct StoreAccess {
  FileLock lock;
  StoreInfo info;
};
// Throws as read_store_info() and FileLock do.
StoreAccess access_store(const std::string& folder,
                         const std::optional<SharedKey>&, const LockRequest&);

class OpenStore {
 public:
  // `info` must outlive this. Throws Error(kCorrupt) naming file and field;
  // Error(kUsage) if there is no such node or file.
  OpenStore(const std::string& folder, const StoreInfo& info, size_t node,
            const std::optional<SharedKey>&, Lifetime = Lifetime::kKept,
            Disk& = system_disk());

  NodeSource source() const;
  const StoredNode& node() const { return node_; }
  const Directory& directory() const { return directory_; }
  const FileStorage& storage() const { return *storage_; }

 private:
  struct alignas(kAlign) Block {
    uint8_t bytes[kAlign];
  };

  void check_directory_file(const std::string& path);
  void read_program(const std::string& path);
  void check_program(const std::string& store_path);
  std::span<const uint8_t> program() const;

  const StoreInfo& info_;
  const StoredNode& node_;
  const size_t index_;
  Directory directory_{};
  std::optional<SharedKey> key_;
  std::optional<shoal_spill_area> spill_;
  std::vector<Block> program_;  // of mapped flash
  uint32_t program_bytes_ = 0;
  std::unique_ptr<FileStorage> storage_;
};

}  // namespace shoal
