#include "host/cli/text_file.h"

#include <vector>

#include "host/base/files.h"

namespace shoal {

const std::string& TextFile::text() const {
  if (!*text_) {
    const std::vector<uint8_t> bytes = read_file(path, files::kToml);
    text_->emplace(bytes.begin(), bytes.end());
  }
  return **text_;
}

}  // namespace shoal
