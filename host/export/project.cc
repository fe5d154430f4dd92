#include "host/export/project.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

#include "host/base/error.h"
#include "host/base/file_lock.h"
#include "host/base/files.h"
#include "host/base/text_bytes.h"
#include "host/engine/workers/stop_signals.h"
#include "host/export/embedded.h"
#include "host/oracle/golden/checksum.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kListFile = "export.json";
constexpr const char* kSecret = "secret";  // instead of a hash

// The outputs of a build are no files of the project.
bool is_built(const fs::path& path) {
  static const std::set<std::string> made = {
      "build",     ".pio",          "managed_components", ".vscode",
      "sdkconfig", "sdkconfig.old", "dependencies.lock",  "arduino_secrets.h"};
  return std::ranges::any_of(
      path, [](const fs::path& part) { return made.contains(part.string()); });
}

// Returns the files that an export has written here: hashes by path. Empty if
// none has, or if the list is not one.
std::map<std::string, std::string> listed(const fs::path& folder) {
  std::map<std::string, std::string> all;
  const fs::path list = folder / kListFile;
  if (!fs::exists(list)) return all;
  const std::vector<uint8_t> text = read_file(list.string(), files::kStoreInfo);
  const json parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("files")) return all;
  for (const json& file : parsed["files"]) {
    if (!file.is_object()) return {};
    const auto path = file.find("path");
    if (path == file.end() || !path->is_string()) return {};
    const std::string sha = file.value("secret", json()).is_boolean() ? kSecret
                            : file.value("sha256", json()).is_string()
                                ? file["sha256"].get<std::string>()
                                : "";
    if (sha.empty()) return {};
    all[path->get<std::string>()] = sha;
  }
  return all;
}

[[noreturn]] void refuse(const fs::path& folder, const std::string& file,
                         const char* why) {
  throw Error(Exit::kUsage, folder.string() + " has " + file + ", which " + why,
              "remove it, or choose another folder with -o");
}

// Part of a file that a killed export was writing in the folder itself, by the
// name that write_file() gives it.
bool may_be_unfinished(const fs::directory_entry& entry) {
  static const std::string start = ".shoal-";
  constexpr size_t kDigits = 16;
  const std::string name = entry.path().filename().string();
  return entry.is_regular_file() && !entry.is_symlink() &&
         name.size() == start.size() + kDigits && name.starts_with(start) &&
         name.find_first_not_of("0123456789abcdef", start.size()) == name.npos;
}

// The file that is the user's once it was changed.
bool is_users(const fs::path& path) { return path.filename() == "app.cpp"; }

// Returns the files of an earlier export, all as it wrote them but the user's.
std::vector<fs::path> earlier_files(const fs::path& folder) {
  std::vector<fs::path> old;
  if (!fs::exists(folder)) return old;
  if (!fs::is_directory(folder)) {
    throw Error(Exit::kUsage, folder.string() + " is not a folder",
                "give another folder with -o");
  }
  const std::map<std::string, std::string> list = listed(folder);
  for (auto at = fs::recursive_directory_iterator(folder);
       at != fs::recursive_directory_iterator(); ++at) {
    const fs::path path = at->path().lexically_relative(folder);
    if (is_built(path)) {
      at.disable_recursion_pending();
      continue;
    }
    if (at->is_directory() && !at->is_symlink()) continue;
    if (may_be_unfinished(*at)) continue;
    if (path == kListFile && !list.empty()) continue;
    const auto known = list.find(path.string());
    if (known == list.end() || !at->is_regular_file() || at->is_symlink()) {
      refuse(folder, path.string(), "no export wrote");
    }
    if (known->second != kSecret && !is_users(path) &&
        sha256_hex(read_file(at->path().string())) != known->second) {
      refuse(folder, path.string(), "was changed since an export wrote it");
    }
    old.push_back(at->path());
  }
  return old;
}

std::string list_of(const Project& project, const std::string& description) {
  nlohmann::ordered_json all = nlohmann::ordered_json::parse(description);
  all["files"] = nlohmann::ordered_json::array();
  for (const auto& [path, bytes] : project.files()) {
    if (project.is_secret(path)) {
      all["files"].push_back({{"path", path}, {"secret", true}});
      continue;
    }
    all["files"].push_back({{"path", path},
                            {"bytes", bytes.size()},
                            {"sha256", sha256_hex(bytes_of(bytes))}});
  }
  return all.dump(2) + "\n";
}

}  // namespace

void Project::add(const std::string& path, std::string bytes) {
  if (files_.emplace(path, std::move(bytes)).second) return;
  throw Error(Exit::kInternal, "a project with two files " + path);
}

void Project::add_secret(const std::string& path, std::string bytes) {
  add(path, std::move(bytes));
  secrets_.insert(path);
}

std::string filled(std::string_view name, const TemplateValues& values) {
  const std::string_view text =
      embedded("host/export/templates/" + std::string(name));
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t begin = text.find('@', at);
    const size_t end =
        begin == text.npos ? text.npos : text.find('@', begin + 1);
    if (end == text.npos) break;
    const std::string key(text.substr(begin + 1, end - begin - 1));
    const bool is_key =
        !key.empty() &&
        key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == key.npos;
    if (!is_key) {  // an @ of the file's own
      out += text.substr(at, begin + 1 - at);
      at = begin + 1;
      continue;
    }
    const auto value = values.find(key);
    if (value == values.end()) {
      throw Error(Exit::kInternal,
                  std::string(name) + ": no value for @" + key + "@");
    }
    out += text.substr(at, begin - at);
    out += value->second;
    at = end + 1;
  }
  return out += text.substr(at);
}

namespace {

// Beside the folder, until it is whole.
fs::path unfinished(const fs::path& root) {
  return root.parent_path() /
         ("." + root.filename().string() + ".shoal-export");
}

// The list goes first: so the next export knows the files of one that was
// killed in the folder itself.
void write_files(const fs::path& root, const Project& project,
                 const std::string& list) {
  std::set<fs::path> folders{root};
  for (const auto& [path, bytes] : project.files()) {
    folders.insert((root / path).parent_path());
  }
  for (const fs::path& each : folders) make_folder(each.string());
  write_file((root / kListFile).string(), list);
  for (const auto& [path, bytes] : project.files()) {
    const std::string to = (root / path).string();
    if (!project.is_secret(path)) {
      write_file(to, bytes);
    } else if (!write_secret(to, bytes, Existing::kReplaced)) {
      throw Error(Exit::kInternal, to + " was not replaced");
    }
  }
}

// After an error in a folder that had build results at most, which stay.
void remove_files(const fs::path& root, const Project& project) {
  std::error_code ignored;
  std::set<fs::path, std::greater<>> folders;  // inner ones first
  for (const auto& [path, bytes] : project.files()) {
    fs::remove(root / path, ignored);
    for (fs::path above = fs::path(path).parent_path(); !above.empty();
         above = above.parent_path()) {
      folders.insert(root / above);
    }
  }
  fs::remove(root / kListFile, ignored);
  for (const fs::path& each : folders) fs::remove(each, ignored);  // if empty
}

// The outputs of builds stay there.
void keep_built(const fs::path& from, const fs::path& to) {
  std::vector<fs::path> kept;
  for (auto at = fs::recursive_directory_iterator(from);
       at != fs::recursive_directory_iterator(); ++at) {
    const fs::path path = at->path().lexically_relative(from);
    if (!is_built(path)) continue;
    kept.push_back(path);
    at.disable_recursion_pending();
  }
  for (const fs::path& path : kept) {
    if (fs::exists(to / path)) continue;  // built again since
    make_folder((to / path).parent_path().string());
    fs::rename(from / path, to / path);
  }
}

// The user's files that were changed since an export wrote them replace the new
// ones. The list keeps the new one's hash, so that they stay changed.
void keep_users(const fs::path& from, const fs::path& to) {
  for (const auto& [path, hash] : listed(from)) {
    const fs::path file = from / path;
    if (!is_users(path) || !fs::is_regular_file(file)) continue;
    if (sha256_hex(read_file(file.string())) == hash) continue;
    make_folder((to / path).parent_path().string());
    fs::copy_file(file, to / path, fs::copy_options::overwrite_existing);
  }
}

// An export that was interrupted: the project from before, if it is not there,
// and what builds had made in it.
void undo_interrupted(const fs::path& root) {
  const fs::path whole = unfinished(root), old = whole.string() + "-old";
  if (!fs::exists(root) && fs::exists(old)) fs::rename(old, root);
  if (fs::exists(root) && fs::exists(whole)) keep_built(whole, root);
  fs::remove_all(whole);
  fs::remove_all(old);
}

// Where the project is to lie, which is no other kind of file.
fs::path root_of(const std::string& folder) {
  fs::path root = fs::absolute(folder).lexically_normal();
  if (!root.has_filename()) root = root.parent_path();  // "DIR/"
  fs::path above = root.parent_path();
  while (!fs::exists(above)) above = above.parent_path();
  if (!fs::is_directory(above)) {
    throw Error(Exit::kUsage, above.string() + " is not a folder",
                "give another folder with -o");
  }
  if (fs::is_symlink(root) && !fs::exists(root)) {
    throw Error(Exit::kUsage, root.string() + " leads nowhere",
                "give another folder with -o");
  }
  return root;
}

struct ProjectPlace {
  fs::path root;          // no link
  bool replaces = false;  // an earlier export, unchanged
};

// Throws Error(kUsage) for a folder that has anything else.
ProjectPlace place_for(const std::string& folder) {
  try {
    ProjectPlace place{root_of(folder), false};
    if (fs::exists(place.root)) place.root = fs::canonical(place.root);
    undo_interrupted(place.root);
    place.replaces = !earlier_files(place.root).empty();
    return place;
  } catch (const fs::filesystem_error& e) {
    throw Error(Exit::kInternal,
                folder + " cannot be written: " + e.code().message());
  }
}

// Puts the new project in the place of the old one: in one step where the file
// system can, so that nobody finds none.
void exchange(const fs::path& root, const fs::path& whole) {
  if (renameat2(AT_FDCWD, whole.c_str(), AT_FDCWD, root.c_str(),
                RENAME_EXCHANGE) == 0) {
    fs::remove_all(whole);
    return;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    throw fs::filesystem_error("renameat2", root,
                               std::error_code(errno, std::generic_category()));
  }
  const fs::path old = whole.string() + "-old";
  fs::rename(root, old);
  fs::rename(whole, root);
  fs::remove_all(old);
}

void replace(const fs::path& root, bool replaces, const Project& project,
             const std::string& list) {
  const fs::path whole = unfinished(root);
  write_files(whole, project, list);
  if (!replaces) return fs::rename(whole, root);
  keep_users(root, whole);
  keep_built(root, whole);
  exchange(root, whole);
}

void write_one(const ProjectPlace& place, const PlacedProject& p) {
  const fs::path& root = place.root;
  const std::string list = list_of(*p.project, p.description);
  if (fs::exists(root) && !place.replaces) {  // empty, or build results alone
    try {
      write_files(root, *p.project, list);
    } catch (const Error&) {
      remove_files(root, *p.project);
      throw;
    }
    return;
  }
  try {
    replace(root, place.replaces, *p.project, list);
  } catch (const fs::filesystem_error& e) {
    try {
      undo_interrupted(root);
    } catch (const fs::filesystem_error&) {
      // The next export does it.
    }
    throw Error(Exit::kInternal,
                root.string() + " was not replaced: " + e.code().message());
  } catch (const Error&) {  // a file could not be written
    undo_interrupted(root);
    throw;
  }
}

// One lock for each folder, in the order of their names, so that two exports
// of several nodes do not wait for each other.
std::deque<FileLock> lock_folders(const std::vector<PlacedProject>& projects,
                                  const StopSignals& signals) {
  constexpr double kPatienceS = 60;  // writing takes well under a second
  std::set<fs::path> roots;
  for (const PlacedProject& p : projects) {
    fs::path root = root_of(p.folder);
    if (fs::exists(root)) root = fs::canonical(root);
    roots.insert(root);
  }
  std::deque<FileLock> locks;
  for (const fs::path& root : roots) {
    make_folder(root.parent_path().string());
    locks.emplace_back(unfinished(root).string() + "-lock",
                       LockMode::kExclusive, root.string() + ": the project",
                       LockRequest{.owner = "shoal export",
                                   .wait_s = kPatienceS,
                                   .stops = [&] { return signals.asked(); },
                                   .fix = "give another folder with -o"});
  }
  return locks;
}

}  // namespace

void write_projects(const std::vector<PlacedProject>& projects) {
  // A signal ends the wait for the folders. Writing is done in a moment: then
  // a signal acts after the folders have been given back.
  const StopSignals signals;
  const auto locks = [&] {
    try {
      return lock_folders(projects, signals);
    } catch (const fs::filesystem_error& e) {
      throw Error(Exit::kInternal, projects[0].folder + " cannot be written: " +
                                       e.code().message());
    }
  }();
  std::vector<ProjectPlace> places;
  for (const PlacedProject& p : projects) {
    places.push_back(place_for(p.folder));
  }
  for (size_t i = 0; i < projects.size(); ++i) {
    write_one(places[i], projects[i]);
  }
}

}  // namespace shoal
