// The kinds of data sets, for open_dataset().
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "host/data/dataset/dataset.h"

namespace shoal {

// Returns whether a comes before b: by bytes, but numbers by their value. A
// total order: bytes decide between names that differ in leading zeros alone.
bool natural_less(const std::string& a, const std::string& b);

// Files as items: pictures and values.
bool is_item(const std::filesystem::path&);

// Names of what is in a folder, each kind in its order; those that begin with
// a dot are not there. Tables beside pictures are `others`. Throws
// Error(kUsage).
struct Entries {
  std::vector<std::string> items, folders, others;
};
Entries entries_of(const std::filesystem::path& folder);
std::unique_ptr<Dataset> open_item(const std::filesystem::path& file);
std::unique_ptr<Dataset> open_folder(const std::filesystem::path& folder);
// Opens a file of values (host/data/input/stack.h), each frame an item.
std::unique_ptr<Dataset> open_stack(const Graph&,
                                    const std::filesystem::path& file);

// "t10k" of t10k-images-idx3-ubyte[.gz]; none: the name is another.
std::optional<std::string> idx_set_of(const std::string& file_name);
// Opens `images` and, if they are there, the labels that belong to it.
std::unique_ptr<Dataset> open_idx(const std::filesystem::path& images);

}  // namespace shoal
