// --as cmake: the same as --as c, for CMake.
#include "host/export/board_files.h"

namespace shoal {
namespace {

// "-DA=1 -DB=2" as CMake's "A=1 B=2".
std::string plain_definitions(std::string flags) {
  for (size_t at = flags.find("-D"); at != flags.npos; at = flags.find("-D")) {
    flags.erase(at, 2);
  }
  return flags;
}

}  // namespace

void lay_out_cmake(const Exported& e, Project& to) {
  const Board& board = e.application.board;
  const BootFacts* const boots = boots_in_emulator(board);
  const std::string kind = kind_of(board);
  add_library(e, "shoal/", false, to);
  std::vector<std::string> sources = add_application(
      e, ProgramForm::kIncbin, "app/", "main_" + kind + ".cpp", "main.cpp", to);
  TemplateValues v = common_values(e);
  // `ninja -C build serve` runs in build/.
  for (const char* key : {"SERVE_LINE", "SERVE_MEMORY"}) {
    std::string& line = v[key];
    const size_t at = line.find("build/");
    if (at != line.npos) line.erase(at, 6);
  }
  if (boots) {
    const auto more = add_board(e, *boots, to);
    sources.insert(sources.end(), more.begin(), more.end());
    v["DEFINES"] = plain_definitions(boot_definitions(e, *boots));
    add_emulator_values(e, *boots, v);
  }
  v["TOOLCHAIN"] = "";
  if (kind != "host") {
    const std::string toolchain = boots ? boots->toolchain : "arm-none-eabi";
    to.add("toolchain.cmake", filled("cmake/" + toolchain + ".cmake", v));
    v["TOOLCHAIN"] =
        "if(NOT CMAKE_TOOLCHAIN_FILE)\n"
        "  set(CMAKE_TOOLCHAIN_FILE ${CMAKE_CURRENT_LIST_DIR}/toolchain.cmake)"
        "\nendif()\n";
  }
  v["SOURCES"] = cmake_list(sources);
  v["KIND"] = filled("cmake/" + kind + ".cmake", v);
  to.add("CMakeLists.txt", filled("cmake/CMakeLists.txt", v));
  add_texts(e, "cmake", to);
}

}  // namespace shoal
