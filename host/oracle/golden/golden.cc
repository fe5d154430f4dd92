#include "host/oracle/golden/golden.h"

#include <string_view>

#include "host/base/files.h"

namespace shoal {

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
