#include "host/export/embedded.h"

#include <algorithm>

#include "host/base/error.h"

namespace shoal {

const EmbeddedFile* find_embedded(std::string_view name) {
  const auto& files = embedded_files();
  const auto at =
      std::ranges::lower_bound(files, name, {}, &EmbeddedFile::name);
  return at != files.end() && at->name == name ? &*at : nullptr;
}

std::string_view embedded(std::string_view name) {
  if (const EmbeddedFile* const file = find_embedded(name)) return file->bytes;
  throw Error(Exit::kInternal,
              std::string(name) + " is not among the embedded files");
}

const BootFacts* find_boot_facts(std::string_view board) {
  for (const BootFacts& facts : boot_facts()) {
    if (facts.id == board) return &facts;
  }
  return nullptr;
}

}  // namespace shoal
