// A folder of stores while it is built again. What is there stays as it is
// until one rename puts a new store.json in its place, which names the new
// files; a crash at any byte leaves the one or the other.
//
//   StoreFolder place(disk, folder, lifetime);
//   place.begin(names);               // of the nodes
//   ... write place.file(name) + ".store", each synced
//   place.commit(text);               // of store.json
//
// Files that are neither the old ones nor the new ones do not pile up: before
// any is made its name is in store.new, and whatever stands there and is not
// named by store.json is removed, by this build or by the next one.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "host/base/disk.h"
#include "host/program/store/file_storage.h"

namespace shoal {

inline constexpr const char* kStoreInfoFile = "store.json";
inline constexpr const char* kStoreLockFile = "store.lock";

class StoreFolder {
 public:
  // The object owns the folder. What a crash left is removed. All functions
  // throw Error(kInternal) if something cannot be written.
  StoreFolder(Disk&, const std::string& folder, Lifetime);

  void begin(const std::vector<std::string>& nodes);
  // Returns a file's name without its ending; no file of another store has this
  // name.
  std::string file(const std::string& node) const { return node + suffix_; }
  std::string path(const std::string& name) const;
  // Gives an empty file its size; with all of its room on the disk if it stays.
  void set_size(DiskFile&, uint64_t bytes) const;
  // A file has been written and is about to be closed.
  void sync(DiskFile&) const;
  void commit(const std::string& description);
  // After an error: removes what is not named, as far as that is possible.
  void give_up() noexcept;

 private:
  bool exists(const std::string& name) const;
  std::set<std::string> in_use(bool& known) const;
  std::set<std::string> announced() const;
  void announce(const std::set<std::string>& names) const;
  void sync_folder() const;
  void tidy() const;

  Disk& disk_;
  const std::filesystem::path folder_;
  const bool durable_;
  std::string suffix_;
};

}  // namespace shoal
