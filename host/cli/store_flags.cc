#include "host/cli/store_flags.h"

#include <cstdlib>
#include <filesystem>
#include <limits>

#include "host/base/error.h"
#include "host/base/size.h"
#include "host/cli/output.h"
#include "host/engine/local/local_node.h"
#include "host/engine/workers/key_file.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// Where keys were made before.
constexpr const char* kFolderKey = "store.key";

// "10y", "90d".
double parse_years(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  const std::string unit = end;
  const double years = unit == "y" ? value : unit == "d" ? value / 365.25 : 0;
  if (!(years > 0) || years > 1e5) {
    throw Error(Exit::kUsage, "--lifetime: '" + text + "' is not a time",
                "give years or days, such as 10y or 90d");
  }
  return years;
}

SharedKey fresh_key() {
  SharedKey key;
  system_entropy(key);
  return key;
}

// The key that is made for the stores of a folder lies beside it: who copies
// the folder to a card must not copy what opens it.
std::string key_beside(const std::string& folder) {
  fs::path path = fs::path(folder).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "DIR/"
  if (path.empty() || path.filename() == "." || path.filename() == "..") {
    std::error_code failed;
    path = fs::weakly_canonical(folder, failed);
  }
  if (!path.has_filename()) {
    throw Error(
        Exit::kUsage,
        folder + ": the key of these stores cannot lie beside the folder",
        "name a key file with --store-key FILE");
  }
  path += ".key";
  return path.string();
}

// That of the folder, if it has one.
std::optional<std::string> found_key(const std::string& folder) {
  const std::string beside = key_beside(folder);
  std::error_code ignored;
  if (fs::exists(beside, ignored)) return beside;
  const std::string inside = (fs::path(folder) / kFolderKey).string();
  if (!fs::exists(inside, ignored)) return std::nullopt;
  tell("warning: %s: who copies the folder copies this key; move it to %s\n",
       inside.c_str(), beside.c_str());
  return inside;
}

// Returns the key of --store-key, else the folder's, which is made.
SharedKey key_to_write(const StorageFlags& flags) {
  if (!flags.key.empty()) return read_key_file(flags.key);
  if (flags.store.empty()) return fresh_key();
  std::optional<std::string> path = found_key(flags.store);
  if (!path) {
    path = key_beside(flags.store);
    make_key_file(*path, false);
    tell(
        "%s: the new key of these stores; keep it where their card does not "
        "go, and name it with --store-key\n",
        path->c_str());
  }
  return read_key_file(*path);
}

void check_sealing(const StorageFlags& flags) {
  if (!flags.no_encrypt || flags.key.empty()) return;
  throw Error(Exit::kUsage,
              "--no-encrypt and --store-key contradict each other",
              "leave out one of them");
}

}  // namespace

void set_storage_options(const StorageFlags& flags, PlanRequest& request) {
  check_sealing(flags);
  ClusterNode& node = request.node();
  if (flags.flash) node.flash_weights = parse_size(*flags.flash, "--flash");
  if (!flags.storage.empty()) find_storage(node.board, flags.storage);
  node.storage = flags.storage;
  node.sealed = !flags.no_encrypt;
  if (flags.max_writes) {
    request.max_writes = parse_size(*flags.max_writes, "--max-writes");
  }
  if (flags.lifetime.has_value() != (flags.fps > 0)) {
    throw Error(
        Exit::kUsage,
        flags.lifetime ? "--lifetime needs --fps" : "--fps needs --lifetime",
        "give both, such as --lifetime 10y --fps 1");
  }
  if (!flags.lifetime) return;
  request.years = parse_years(*flags.lifetime);
  request.fps = flags.fps;
  if (flags.max_writes) return;
  request.max_writes = std::numeric_limits<int64_t>::max();
}

LockRequest lock_request(const PlanFlags& flags, const char* verb) {
  return {std::string("shoal ") + verb, flags.wait,
          [](const std::string& what) { tell("%s\n", what.c_str()); }};
}

StoreSettings store_settings(const PlanFlags& flags, const char* verb,
                             const std::vector<std::string>& labels) {
  const StorageFlags& s = flags.storage;
  check_sealing(s);
  StoreSettings settings;
  settings.folder = s.store;
  settings.options.labels = labels;
  if (!s.store.empty()) {
    settings.owner.emplace(own_store(s.store, lock_request(flags, verb)));
  }
  if (!s.no_encrypt) settings.options.key = key_to_write(s);
  return settings;
}

std::optional<StoreInfo> keep_stores(
    const PlanFlags& flags, const char* verb, const Prepared& p,
    const std::optional<DetectionOp>& detection,
    const std::vector<std::string>& labels) {
  if (flags.storage.store.empty()) return std::nullopt;
  StoreSettings settings = store_settings(flags, verb, labels);
  settings.options.detection = detection;
  return write_store(*settings.owner, settings.folder, p.graph, p.net, p.plan,
                     settings.options);
}

std::optional<SharedKey> key_to_read(const StorageFlags& flags) {
  check_sealing(flags);
  if (flags.no_encrypt) return std::nullopt;
  if (!flags.key.empty()) return read_key_file(flags.key);
  const std::optional<std::string> path = found_key(flags.store);
  return path ? std::optional(read_key_file(*path)) : std::nullopt;
}

}  // namespace shoal
