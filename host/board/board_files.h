// The board profiles as boards/CMakeLists.txt compiles them in.
#pragma once

#include <vector>

namespace shoal {

struct BoardFile {
  const char* id;
  const char* toml;
};
const std::vector<BoardFile>& board_files();
const char* storage_file();  // boards/storage.toml

}  // namespace shoal
