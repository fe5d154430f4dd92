#include "host/cli/run_inputs.h"

#include <algorithm>
#include <filesystem>

#include "host/base/error.h"
#include "host/base/files.h"
#include "host/base/printable.h"
#include "host/base/size.h"
#include "host/cli/common.h"
#include "host/cli/output.h"
#include "host/data/dataset/sets.h"
#include "host/data/image/random_input.h"
#include "host/data/input/input.h"

namespace shoal {
namespace {

void tell_passed_over(const std::string& folder,
                      const std::vector<std::string>& names) {
  if (names.empty()) return;
  constexpr size_t kMost = 5;
  std::string text;
  for (size_t i = 0; i < std::min(kMost, names.size()); ++i) {
    text += (i > 0 ? ", " : "") + printable(names[i]);
  }
  if (names.size() > kMost) text += ", ...";
  tell("%s: passed over %s, no inputs: %s\n", printable(folder).c_str(),
       format_count(static_cast<int64_t>(names.size())).c_str(), text.c_str());
}

RunInput single(const std::string& path, const PictureOptions& options) {
  return {path,
          [=](const Graph& graph) { return load_input(graph, path, options); },
          [=]() -> std::optional<Picture> {
            if (is_random_input(path) || path == "-" || has_values(path)) {
              return std::nullopt;
            }
            return decode_picture(read_file(path, files::kInput), path);
          }};
}

// Its files; folders in it are passed over.
void add_folder(const std::string& folder, const PictureOptions& options,
                std::vector<RunInput>& inputs) {
  Entries entries = entries_of(folder);
  for (const std::string& inner : entries.folders) {
    entries.others.push_back(inner + "/");
  }
  tell_passed_over(folder, entries.others);
  if (entries.items.empty()) {
    throw Error(
        Exit::kUsage,
        printable(folder) + ": the folder holds no pictures and no values",
        "give a folder of png, jpg, bmp, gif, ppm, webp, npy or bin files");
  }
  for (const std::string& item : entries.items) {
    const auto path = std::filesystem::path(folder) / item;
    inputs.push_back(single(path.string(), options));
  }
}

}  // namespace

std::vector<RunInput> run_inputs(const std::vector<std::string>& arguments,
                                 const PictureOptions& options) {
  std::vector<RunInput> inputs;
  for (const std::string& argument : arguments) {
    std::error_code error;
    if (std::filesystem::is_directory(argument, error)) {
      add_folder(argument, options, inputs);
    } else {
      inputs.push_back(single(argument, options));
    }
  }
  return inputs;
}

}  // namespace shoal
