// The flags about storage as options: what the planner is told, where stores
// lie and which key they have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/base/shared_key.h"
#include "host/cli/commands.h"
#include "host/plan/types/request.h"
#include "host/program/store/write_store.h"

namespace shoal {

class FileLock;
struct LockRequest;
struct Prepared;
struct StoreSettings;

// --flash, --storage, --max-writes, --lifetime, of one node. Throws
// Error(kUsage).
void set_storage_options(const StorageFlags&, PlanRequest&);

// Returns a request for what another process may own, with the verb and --wait.
LockRequest lock_request(const PlanFlags&, const char* verb);

// How and where a node of this computer keeps its store; --store is owned from
// now on. The key is that of --store-key; none with --no-encrypt; without
// either that of the folder, which is made if there is none, or of a temporary
// store a random one.
StoreSettings store_settings(const PlanFlags&, const char* verb,
                             const std::vector<std::string>& labels);
// Writes the stores of all nodes to --store; nothing without it.
std::optional<StoreInfo> keep_stores(const PlanFlags&, const char* verb,
                                     const Prepared&,
                                     const std::optional<DetectionOp>&,
                                     const std::vector<std::string>& labels);

// `shoal build --store`.
int build_stores(const BuildFlags&);

// Returns the key of stores to be read: --store-key's, else the folder's if it
// has one.
std::optional<SharedKey> key_to_read(const StorageFlags&);

}  // namespace shoal
