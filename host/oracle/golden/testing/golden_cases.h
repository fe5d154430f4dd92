// The cases of a model's folder of the golden set.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "host/oracle/golden/golden.h"

namespace shoal {

// Their names, sorted; empty if it holds none.
inline std::vector<std::string> golden_cases(
    const std::filesystem::path& folder) {
  constexpr std::string_view kEnd = ".layers.tsv";
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(folder, none)) {
    const std::string file = entry.path().filename().string();
    if (file.ends_with(kEnd)) {
      names.push_back(file.substr(0, file.size() - kEnd.size()));
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace shoal
