#include "host/data/dataset/dataset.h"

#include <map>
#include <system_error>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/size.h"
#include "host/data/dataset/idx.h"
#include "host/data/dataset/sets.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

// IDX files of pictures by the name of their set; of two that differ in .gz
// alone the plain one.
std::map<std::string, fs::path> idx_sets(const fs::path& folder) {
  std::map<std::string, fs::path> sets;
  try {
    for (const fs::directory_entry& e : fs::directory_iterator(folder)) {
      const std::string file = e.path().filename().string();
      const std::optional<std::string> set = idx_set_of(file);
      if (!set || file.starts_with('.') || !e.is_regular_file()) continue;
      fs::path& kept = sets[*set];
      if (kept.empty() || e.path().native().size() < kept.native().size()) {
        kept = e.path();
      }
    }
  } catch (const fs::filesystem_error& e) {
    throw Error(Exit::kUsage, folder.string() + ": " + e.code().message());
  }
  return sets;
}

fs::path pick(const std::map<std::string, fs::path>& sets,
              const std::string& folder, const std::string& which) {
  if (which.empty() && sets.size() == 1) return sets.begin()->second;
  const auto found = sets.find(which);
  if (!which.empty() && found != sets.end()) return found->second;
  std::string names;
  for (const auto& [name, path] : sets) {
    names += (names.empty() ? "" : ", ") + name;
  }
  throw Error(
      Exit::kUsage,
      folder + (which.empty() ? ": several sets" : ": no set '" + which + "'") +
          " of IDX files, there are " + names,
      "--which " + sets.begin()->first);
}

std::unique_ptr<Dataset> open_file(const Graph& graph, const fs::path& path) {
  if (is_stack(path.string())) return open_stack(graph, path);
  const std::vector<uint8_t> start =
      read_start(path.string(), files::kData, sizeof(uint32_t));
  if (!has_values(path.string()) && looks_like_idx(start))
    return open_idx(path);
  return open_item(path);
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const Graph& graph,
                                      const std::string& path,
                                      const std::string& which) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error(Exit::kUsage, path + ": no such file or folder");
  }
  std::map<std::string, fs::path> sets;
  if (fs::is_directory(status)) sets = idx_sets(path);
  if (!sets.empty()) return open_idx(pick(sets, path, which));
  if (!which.empty()) {
    throw Error(Exit::kUsage,
                path + ": --which " + which + " is for folders of IDX files",
                "leave out --which");
  }
  if (fs::is_directory(status)) return open_folder(path);
  if (!fs::is_regular_file(status)) {
    throw Error(Exit::kUsage, path + ": neither a file nor a folder");
  }
  return open_file(graph, path);
}

std::vector<uint8_t> Dataset::input(const Graph& graph, int64_t i,
                                    const InputOptions& options) const {
  return is_picture(i) ? picture_input(graph, picture(i), options)
                       : file_input(graph, name(i), bytes(i), options);
}

std::string Dataset::note(const Graph& graph) const {
  if (size() == 0 || is_picture(0) || !is_stack(name(0))) return {};
  std::string note = read_stack(graph, name(0), bytes(0)).note;
  if (!note.empty() && size() > 1) {
    note += " (the first of " + format_count(size()) + " files)";
  }
  return note;
}

}  // namespace shoal
