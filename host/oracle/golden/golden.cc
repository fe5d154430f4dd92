#include "host/oracle/golden/golden.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include "host/base/files.h"

namespace shoal {

std::vector<std::string> golden_cases(const std::filesystem::path& folder) {
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

GoldenCase read_golden_case(const std::filesystem::path& folder,
                            const std::string& name) {
  const auto bytes_of = [&](const char* end) {
    return read_file((folder / (name + end)).string(), files::kGolden);
  };
  const auto text = bytes_of(".layers.tsv");
  const std::string_view lines(reinterpret_cast<const char*>(text.data()),
                               text.size());
  return {name, bytes_of(".in.bin"), bytes_of(".out.bin"), parse_trace(lines),
          parse_frames(lines)};
}

}  // namespace shoal
