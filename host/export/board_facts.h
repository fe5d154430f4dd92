// The facts of boards/NAME/export.toml: how each ecosystem calls the board, and
// where its memories are. A board without the file has the plain answers.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace shoal {

struct BoardFacts {
  std::string cpu_flags;  // of GCC; empty: not known
  // Sections of the arena and of the program; empty: where the compiler puts
  // such data by itself.
  std::string arena_section, image_section;
  std::string network;  // "ethernet", "wifi"; empty: none that is known
  // By ecosystem ("arduino"), what it needs to know.
  std::map<std::string, std::map<std::string, std::string>> ecosystems;

  // Returns the fact that `ecosystem` needs by that key; empty: the file has
  // none.
  std::string fact(const std::string& ecosystem, const std::string& key) const;
};
BoardFacts board_facts(const std::string& board);

// Ids of the boards that an ecosystem knows.
std::vector<std::string> boards_of(const std::string& ecosystem);

}  // namespace shoal
