// The flags about storage as options: what the planner is told, where stores
// lie and which key they have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/cli/commands.h"
#include "host/plan/planner.h"
#include "host/store/write_store.h"

namespace shoal {

struct Prepared;
struct StoreSettings;

// --flash, --storage, --max-writes, --lifetime. Throws Error(kUsage).
void set_storage_options(const StorageFlags&, PlanOptions&);

// Throws Error(kUsage) for the first flag that was given; `why` says what none
// of them could do here.
void refuse_storage(const StorageFlags&, const std::string& why);

// The same for those about files alone.
void refuse_store_files(const StorageFlags&, const std::string& why);

// The key of stores to be written: that of --store-key; none with
// --no-encrypt; without either that of the folder, which is made if there is
// none, or of a temporary store a random one.
std::optional<StoreKey> key_to_write(const StorageFlags&);
// How and where a node of this computer keeps its store.
StoreSettings store_settings(const StorageFlags&,
                             const std::vector<std::string>& labels);
// Writes the stores of all nodes to --store; nothing without it.
std::optional<StoreInfo> keep_stores(const StorageFlags&, const Prepared&,
                                     const std::vector<std::string>& labels);

// `shoal build --store`.
int build_stores(const BuildFlags&);

// Of stores to be read: --store-key's, else the folder's if it has one.
std::optional<StoreKey> key_to_read(const StorageFlags&);

}  // namespace shoal
