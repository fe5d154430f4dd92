// A file of text that a flag names. It may be a pipe, which can be read once
// only: all copies of the flags share what was read.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/base/files.h"

namespace shoal {

struct TextFile {
  std::string path;

  bool empty() const { return path.empty(); }
  // Read when it is first asked for. Throws Error(kUsage, kCorrupt).
  const std::string& text(const FileKind& kind = files::kToml) const;

 private:
  std::shared_ptr<std::optional<std::string>> text_ =
      std::make_shared<std::optional<std::string>>();
};

}  // namespace shoal
