// Applications as projects, one function an ecosystem.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/export/application.h"
#include "host/export/board_facts.h"
#include "host/export/project.h"
#include "host/export/sources.h"

namespace shoal {

struct Exported {
  std::string ecosystem;
  const Application& application;
  const Needs& needs;
  BoardFacts facts;
};

struct Ecosystem {
  const char* name;   // of --as
  const char* title;  // for people
  bool any_board;     // else those whose export.toml names it
  // The largest program as a constant; the board's flash has a limit of its
  // own.
  size_t most_image_bytes;
  void (*lay_out)(const Exported&, Project&);
};
const std::vector<Ecosystem>& ecosystems();
// Throws Error(kUsage), which lists them.
const Ecosystem& find_ecosystem(const std::string& name);
// Throws Error(kUsage) if the ecosystem does not know the board.
void check_board(const Ecosystem&, const std::string& board);
// Returns how projects of the ecosystem start the board's second core: by a
// template with the SDK's functions, or, if it is empty, by the sources of
// boards/. Nothing: they use one core.
std::optional<std::string> second_core_start(const std::string& ecosystem,
                                             const Board&);
// Returns how projects of the ecosystem write flash, for programs that are sent
// later: by a template with the SDK's functions, or, if it is empty, by the
// sources of boards/. Nothing: they do not.
std::optional<std::string> flash_functions(const std::string& ecosystem,
                                           const Board&);
// Throws Error: kUnsupported if projects of the ecosystem do not write flash on
// this board, kUsage for a size that makes no slots, kDoesNotFit if the flash
// has no room beside the programs.
void check_slots(const Ecosystem&, const Application&);
// Throws Error: kUnsupported if a program is larger than the ecosystem's
// constants, kDoesNotFit if the board's flash does not hold all programs.
void check_image(const Ecosystem&, const Application&);

// Returns the names of those that know a board.
std::vector<std::string> ecosystems_of(const std::string& board);

// layout_*.cc
void lay_out_c(const Exported&, Project&);
void lay_out_cmake(const Exported&, Project&);
void lay_out_arduino(const Exported&, Project&);
void lay_out_platformio(const Exported&, Project&);
void lay_out_pico_sdk(const Exported&, Project&);
void lay_out_esp_idf(const Exported&, Project&);
void lay_out_zephyr(const Exported&, Project&);
void lay_out_stm32cube(const Exported&, Project&);

// The partitions of a project of ESP-IDF: the application's, which holds the
// program as a constant too, and the flash that its table needs. Throws
// Error(kUnsupported) if the board has less.
struct EspPartitions {
  int64_t app_bytes = 0;
  int64_t flash_bytes = 0;
};
EspPartitions esp_partitions(const Application&);

// Helpers that the layouts share (layout_common.cc).
enum class ProgramForm { kIncbin, kLiteral };
// The application's own files into a folder ("app/"); returns its sources.
std::vector<std::string> add_application(const Exported&, ProgramForm,
                                         const std::string& folder,
                                         const std::string& main_template,
                                         const std::string& main_name,
                                         Project&);
// The library Shoal with the manifests of all ecosystems; `full`: with all
// sources, not only those that the program needs. Returns its sources, from
// its root.
std::vector<std::string> add_library(const Exported&, const std::string& folder,
                                     bool full, Project&);
// Lines of a CMake list; without the first `skip` characters of each name.
std::string cmake_list(const std::vector<std::string>& names, size_t skip = 0);
// Returns the values of templates: NAME, BOARD, MODEL, VERSION, ...
TemplateValues common_values(const Exported&);
// README.md, LICENSE, .gitignore; `section` is the template of its own part.
void add_texts(const Exported&, const std::string& section, Project&);

}  // namespace shoal
