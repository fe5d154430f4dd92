// Makes the stores of a plan: DIR/store.json, and a DIR/FILE.store (with a
// DIR/FILE.program, if its flash is mapped) for every node. Weights go from the
// net to the file chunk by chunk; no image exists in memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/disk.h"
#include "host/base/file_lock.h"
#include "host/base/shared_key.h"
#include "host/board/board.h"
#include "host/plan/types/plan.h"
#include "host/program/store/file_storage.h"
#include "host/program/store/store_info.h"

namespace shoal {

struct StoreOptions {
  // Seals what lies in storage; each node has a key of its own, made from it.
  // Plans say themselves whether their time includes decryption.
  std::optional<SharedKey> key = {};
  std::vector<std::string> labels = {};
  std::optional<DetectionOp> detection = {};
  // Bound into everything; none: one that no store made before has.
  std::optional<uint64_t> generation = {};
};

// Returns the profile that a node of the plan has, for its spill area.
const Storage* storage_of(const PlanNode&);

// Makes the folder, if there is none, and takes it: no other process writes it,
// or runs what lies in it, until the lock is released. Throws as FileLock does.
FileLock own_store(const std::string& folder, const LockRequest&);

// Returns what store.json says. `owner`: own_store() of the folder. Throws
// Error(kDoesNotFit) if a store exceeds its storage, Error(kInternal) if a file
// cannot be written.
StoreInfo write_store(const FileLock& owner, const std::string& folder,
                      const Graph&, const Net&, const Plan&,
                      const StoreOptions&, Lifetime = Lifetime::kKept,
                      Disk& = system_disk());

}  // namespace shoal
