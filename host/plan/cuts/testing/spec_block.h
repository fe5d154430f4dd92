// Examples of spec/files.md.
#pragma once

#include <string>

#include "host/base/files.h"

namespace shoal {

// The text of the fenced block of this kind; empty if there is none.
inline std::string spec_block(const std::string& kind) {
  const auto bytes = read_file(SHOAL_SOURCE_DIR "/spec/files.md");
  const std::string spec(bytes.begin(), bytes.end());
  const std::string fence = "```" + kind + "\n";
  const size_t begin = spec.find(fence);
  if (begin == std::string::npos) return "";
  const size_t text = begin + fence.size();
  return spec.substr(text, spec.find("```", text) - text);
}

}  // namespace shoal
