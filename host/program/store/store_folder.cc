#include "host/program/store/store_folder.h"

#include <fcntl.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/base/error.h"
#include "host/base/files.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAnnounced = "store.new";
constexpr const char* kNewInfoFile = "store.json.new";

// Returns whether a build of ours may have made it; nothing else is ever
// removed.
bool may_be_ours(const std::string& name) {
  if (name == kNewInfoFile) return true;
  return !name.empty() && name[0] != '.' &&
         name.find_first_of(std::string("/\\\0", 3)) == std::string::npos &&
         (name.ends_with(".store") || name.ends_with(".program"));
}

}  // namespace

StoreFolder::StoreFolder(Disk& disk, const std::string& folder,
                         Lifetime lifetime)
    : disk_(disk), folder_(folder), durable_(lifetime == Lifetime::kKept) {
  tidy();
}

std::string StoreFolder::path(const std::string& name) const {
  return (folder_ / name).string();
}

bool StoreFolder::exists(const std::string& name) const {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(folder_ / name, ignored));
}

void StoreFolder::sync(DiskFile& file) const {
  if (durable_) file.sync();
}

// Reserves the room, since a later spill must not find the disk full. A
// temporary store is run at once, and most runs use a part of it.
void StoreFolder::set_size(DiskFile& file, uint64_t bytes) const {
  if (durable_) {
    file.reserve(bytes);
  } else {
    file.resize(bytes);
  }
}

void StoreFolder::sync_folder() const {
  if (durable_) shoal::sync_folder(disk_, folder_.string());
}

// The names that store.json has. It may be sealed with another key than ours,
// so nobody vouches for them. `known`: false if it cannot be read.
std::set<std::string> StoreFolder::in_use(bool& known) const {
  std::set<std::string> names;
  known = true;
  if (!exists(kStoreInfoFile)) return names;
  known = false;
  const std::vector<uint8_t> text = read_file(path(kStoreInfoFile));
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("nodes")) return names;
  for (const auto& node : json["nodes"]) {
    if (!node.is_object()) return names;
    const char* const field = node.contains("file") ? "file" : "name";
    if (!node.contains(field) || !node[field].is_string()) return names;
    const auto name = node[field].get<std::string>();
    names.insert({name + ".store", name + ".program"});
  }
  known = true;
  return names;
}

std::set<std::string> StoreFolder::announced() const {
  std::set<std::string> names;
  if (!exists(kAnnounced)) return names;
  const std::vector<uint8_t> bytes = read_file(path(kAnnounced));
  std::istringstream text(std::string(bytes.begin(), bytes.end()));
  for (std::string name; std::getline(text, name);) {
    if (may_be_ours(name)) names.insert(name);
  }
  return names;
}

// Behind what is there, which may end in the middle of a line.
void StoreFolder::announce(const std::set<std::string>& names) const {
  std::string text = "\n";
  for (const std::string& name : names) text += name + "\n";
  DiskFile file(disk_, path(kAnnounced), O_WRONLY | O_CREAT | O_APPEND);
  file.append(text);
  sync(file);
  file.close();
  sync_folder();
}

// The list goes last, and not before all that it names is gone for good.
void StoreFolder::tidy() const {
  if (!exists(kAnnounced)) return;
  bool known = false;
  const std::set<std::string> used = in_use(known);
  if (!known) return;
  for (const std::string& name : announced()) {
    if (!used.contains(name)) remove_file(disk_, path(name));
  }
  sync_folder();
  remove_file(disk_, path(kAnnounced));
}

void StoreFolder::begin(const std::vector<std::string>& nodes) {
  const auto taken = [&](const std::string& suffix) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) {
      return exists(node + suffix + ".store") ||
             exists(node + suffix + ".program");
    });
  };
  suffix_.clear();
  for (int n = 1; taken(suffix_); ++n) suffix_ = "." + std::to_string(n);
  bool known = false;
  std::set<std::string> names = in_use(known);
  std::erase_if(names, [](const auto& name) { return !may_be_ours(name); });
  for (const std::string& node : nodes) {
    names.insert({file(node) + ".store", file(node) + ".program"});
  }
  names.insert(kNewInfoFile);
  announce(names);
}

void StoreFolder::commit(const std::string& description) {
  const std::string fresh = path(kNewInfoFile);
  DiskFile file(disk_, fresh, O_WRONLY | O_CREAT | O_TRUNC);
  file.append(description);
  sync(file);
  file.close();
  sync_folder();
  rename_file(disk_, fresh, path(kStoreInfoFile));
  sync_folder();
  tidy();
}

void StoreFolder::give_up() noexcept {
  try {
    tidy();
  } catch (const std::exception&) {
    // The next build does.
  }
}

}  // namespace shoal
