#include "host/cli/text_file.h"

#include <vector>

namespace shoal {

const std::string& TextFile::text(const FileKind& kind) const {
  if (!*text_) {
    const std::vector<uint8_t> bytes = read_file(path, kind);
    text_->emplace(bytes.begin(), bytes.end());
  }
  return **text_;
}

}  // namespace shoal
