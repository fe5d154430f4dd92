// The files of this tree that `shoal export` copies from, as they were when
// shoal was built: device/, the sources of boards, templates, the licence. The
// build writes both tables (CMakeLists.txt).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal {

struct EmbeddedFile {
  std::string_view name;  // from the root of the tree
  std::string_view bytes;
};
// Sorted by name.
const std::vector<EmbeddedFile>& embedded_files();
// Null: there is none of this name.
const EmbeddedFile* find_embedded(std::string_view name);
// Throws Error(kInternal) if there is none.
std::string_view embedded(std::string_view name);

// How the firmware of a board emulated by QEMU is built: board.cmake.
struct BootFacts {
  std::string id, toolchain;  // the prefix of the compiler's programs
  std::string cpu_flags, definitions;
  std::vector<std::string> parts;  // folders of boards/ with its sources
  std::string link;                // the one with link.ld
  int stack_bytes, handler_stack_bytes;
};
const std::vector<BootFacts>& boot_facts();
// Returns null if the files that make the board boot are missing.
const BootFacts* find_boot_facts(std::string_view board);

}  // namespace shoal
